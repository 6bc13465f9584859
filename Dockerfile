# One image for the API, the workers and the command line. Debian, since tesseract comes from it.
FROM python:3.13.15-slim-bookworm

RUN apt-get update \
    && apt-get install --yes --no-install-recommends tesseract-ocr \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home --home-dir /var/lib/sheaf sheaf

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PYTHONSAFEPATH=1 \
    SHEAF_HOME=/var/lib/sheaf \
    SHEAF_API_HOST=0.0.0.0 \
    SHEAF_READY_FILE=/tmp/sheaf-ready

WORKDIR /opt/sheaf
# The packages first: they change less often than the code.
COPY deploy/requirements.lock deploy/requirements.lock
RUN pip install --no-cache-dir --require-hashes -r deploy/requirements.lock
COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation .

USER sheaf
WORKDIR /var/lib/sheaf
EXPOSE 8484
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 \
    CMD ["python", "-P", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8484/livez', timeout=4)"]
CMD ["sheaf", "serve"]
