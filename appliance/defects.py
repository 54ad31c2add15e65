"""A defect of ours at an edge: logged whole for the operator, shown to people as a reference."""

from __future__ import annotations

import logging

from appliance.errors import InternalError
from appliance.models import new_id

LOG = logging.getLogger(__name__)


def unexpected(error: BaseException) -> InternalError:
    """The error to show; its cause is in the log under the reference that it names."""
    reference = new_id()[:8]
    LOG.error("unexpected error %s", reference, exc_info=error)
    return InternalError(reference=reference)
