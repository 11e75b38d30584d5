"""A job's settings in words."""

from vidu_demo.api.request import VideoRequest
from vidu_demo.jobs.job import Job
from vidu_demo.ui.i18n.words import Say, format_seconds, named


def in_words(job: Job, say: Say) -> dict[str, str]:
    """Word every setting of a job, by its field."""
    return {field: _value(field, job.request.get(field), say) for field in VideoRequest.SETTINGS}


def title(field: str, say: Say) -> str:
    """Return a field's label."""
    return say(VideoRequest.describe(field)["title"])


def _value(field: str, value: object, say: Say) -> str:
    match value:
        case None:
            return say("unknown")
        case bool():
            return say("on" if value else "off")
        case "":
            return say("chosen by the model")
        case int() if field == "duration":
            return say(format_seconds(value))
        case str() if "enum" in VideoRequest.describe(field):
            return say(named(value)).strip()
        case _:
            return str(value)
