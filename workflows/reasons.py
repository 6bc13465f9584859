"""What a failure that Temporal reports is told as."""

from temporalio.exceptions import ActivityError, ApplicationError, FailureError

from sheaf.contracts.temporal.runs import MAX_FAULT_CHARACTERS


def reason_of(error: BaseException) -> str:
    """Return why something failed: the Activity it was, and the innermost cause."""
    activity = ""
    while isinstance(error, FailureError) and not isinstance(error, ApplicationError):
        if isinstance(error, ActivityError):
            activity = f"{error.activity_type}: "
        if error.cause is None:
            break
        error = error.cause
    return f"{activity}{error}"[:MAX_FAULT_CHARACTERS]
