"""The folder mail/: letters of customers to the support desk, as mail files."""

from email.message import EmailMessage
from email.policy import SMTP

_READINGS = """time,gauge_m,staff_m
2026-05-04 08:00,1.412,1.410
2026-05-05 08:00,1.398,1.389
2026-05-06 08:00,1.391,1.377
2026-05-07 08:00,1.386,1.366
"""
_DRIFT_TEXT = """Hello support team,

one of our HF-210 gauges (serial number 210-04417, station Croxdale) has drifted since Monday. It
reads 20 mm above the staff today and the difference grows by about 6 mm a day. We have cleaned
the well and restarted the gauge, without effect. The readings are attached.

Could you please tell us how to recalibrate it, or whether we should send it back under warranty?
The station feeds our flood warning, so a quick answer would help.

Kind regards,
Helen Ashworth
Northgate Water Authority
"""
_DRIFT_HTML = """<html><body><p>Hello support team,</p>
<p>one of our <b>HF-210</b> gauges (serial number 210-04417, station Croxdale) has drifted since
Monday. It reads 20 mm above the staff today and the difference grows by about 6 mm a day. We have
cleaned the well and restarted the gauge, without effect. The readings are attached.</p>
<p>Could you please tell us how to recalibrate it, or whether we should send it back under warranty?
The station feeds our flood warning, so a quick answer would help.</p>
<p>Kind regards,<br>Helen Ashworth<br>Northgate Water Authority</p></body></html>
"""
_LOGIN = """\
From: =?utf-8?q?Tom=C3=A1s?= Reyes <tomas.reyes@example.net>
To: support@harrow-finch.example
Subject: =?utf-8?q?Cannot_log_in_to_the_portal_=E2=80=93_locked_out?=
Date: Tue, 19 May 2026 16:42:10 +0200
Message-ID: <20260519-164210@example.net>
MIME-Version: 1.0
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: quoted-printable

Hi,

since this morning I can=E2=80=99t log in to the gauge portal. It says =E2=80=
=9Caccount locked=E2=80=9D although I reset my password twice. I have tried two =
browsers and another computer.

Please unlock my account (tomas.reyes@example.net) or tell me what else to =
try. I need to download the April readings before Thursday.

Thanks for your help,
Tom=C3=A1s
"""


def _drift() -> bytes:
    """Write a mail of a plain and an HTML version, with a CSV file attached."""
    message = EmailMessage(SMTP)
    message["From"] = "Helen Ashworth <h.ashworth@northgate-water.example>"
    message["To"] = "support@harrow-finch.example"
    message["Subject"] = "HF-210 at Croxdale drifts, please help"
    message["Date"] = "Thu, 07 May 2026 09:14:33 +0100"
    message["Message-ID"] = "<croxdale-0507@northgate-water.example>"
    message.set_content(_DRIFT_TEXT)
    message.add_alternative(_DRIFT_HTML, subtype="html")
    message.add_attachment(_READINGS.encode(), "text", "csv", filename="croxdale.csv")
    # They would be made up anew each time.
    message.set_boundary("mail-7f3a")
    next(message.iter_parts()).set_boundary("text-7f3a")
    return message.as_bytes()


def documents() -> dict[str, bytes]:
    """Return the files of the folder by their path."""
    return {
        "mail/gauge-drift.eml": _drift(),
        "mail/portal-login.eml": _LOGIN.replace("\n", "\r\n").encode(),
    }
