"""The vendor's errors, and the words in a prompt that trigger them."""


class RefusedError(Exception):
    """A refused request, in the vendor's words.

    Attributes:
        status: The HTTP status.
        reason: The vendor's code, such as `INVALID_REQUEST_BODY`.
    """

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason

    @property
    def body(self) -> dict[str, object]:
        """The error in the vendor's flat JSON format."""
        return {
            "code": self.status,
            "reason": self.reason,
            "message": str(self),
            "metadata": {},
        }


TASK_FAILS = 200
"""The status of a late refusal: the task is accepted, then fails with the reason."""

MAGIC_WORDS: dict[str, tuple[int, str, str]] = {
    "[refuse prompt]": (400, "ILLEGAL_PROMPT", "the prompt was refused by the content check"),
    "[refuse picture]": (400, "ILLEGAL_IMAGE_CONTENT", "the picture was refused"),
    "[no balance]": (403, "NOT_ENOUGH_BALANCE", "insufficient balance"),
    "[fail]": (TASK_FAILS, "TaskPromptPolicyViolation", ""),
}
"""Words in a prompt that trigger a refusal: its HTTP status, reason and message."""


def magic(prompt: str) -> str:
    """Trigger the refusal that the prompt asks for.

    Returns:
        The reason why the task will fail; empty if it won't.

    Raises:
        RefusedError: The prompt asks for an immediate refusal.
    """
    for word, (status, reason, message) in MAGIC_WORDS.items():
        if word in prompt:
            if status == TASK_FAILS:
                return reason
            raise RefusedError(status, reason, message)
    return ""
