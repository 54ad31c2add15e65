"""What goes over the wire: requests, responses and the events of an answer's stream.

The portal, the `appliance` CLI and `ingest` know only these. No request carries a user or a group of its caller.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def storable(value: str) -> str:
    """A text without half of a surrogate pair: JSON can escape one, but neither store nor log can hold it."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError("half of a surrogate pair is no character") from error
    return value


Coordinate = Annotated[float, Field(ge=-1, le=2, allow_inf_nan=False)]  # of a page; boxes may stand over its edge
Text = Annotated[str, AfterValidator(storable)]


class Schema(BaseModel):
    """Unknown fields are refused in requests; responses are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Problem(Schema):
    """Any refusal: a stable code, one sentence in the caller's language, and the values in it."""

    code: str
    message: str
    values: dict[str, str] = {}
