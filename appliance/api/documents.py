"""What a reader may open: documents, their pages and sections. Hidden and absent answer alike; opening is audited."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import FileResponse

from appliance.acts import act
from appliance.api import views
from appliance.api.caller import Caller, Guarded, Held, Reader
from appliance.api.schemas.documents import MOST_PARTS, DocumentList, DocumentRow, PartView
from appliance.errors import DocumentNotFound, PartNotFound
from appliance.models import Document, Json, Part, new_id
from appliance.opening import Opened
from appliance.recording import filter_of, listed_of
from appliance.visible import masked, one_line
from appliance.wiring import Services

router = APIRouter(route_class=Guarded, tags=["documents"])
_PRIVATE = {"cache-control": "private, no-store", "x-content-type-options": "nosniff"}
Ordinal = Annotated[int, Path(ge=0, le=MOST_PARTS)]  # the store's integers have 64 bits


@router.get("/documents")
def documents(services: Held, who: Reader) -> DocumentList:
    """Every document that the caller may see."""
    access = who.access(services)
    found = services.registry.documents(access=access)
    listed, under = listed_of([document.key for document in found]), filter_of(access)
    details, texts = {**listed.details, **under.details}, {**listed.texts, **under.texts}
    services.audit.commit(act("documents.listed", "success", who.actor, new_id(), details, texts))
    lists = services.registry.lists
    return DocumentList(documents=[views.row(document, lists[document.acl_id]) for document in found])


@router.get("/documents/{key}")
def document(key: str, services: Held, who: Reader) -> DocumentRow:
    """One document."""
    found = _visible(key, services, who)
    services.audit.commit(act("documents.listed", "success", who.actor, new_id(), listed_of([key]).details))
    return views.row(found, services.registry.lists[found.acl_id])


@router.get("/documents/{key}/versions/{version}/parts/{ordinal}")
def part(key: str, version: str, ordinal: Ordinal, services: Held, who: Reader) -> PartView:
    """The text of a page, section or sheet."""
    opened = _version(key, version, services, who)
    kept, picture = _part(key, version, ordinal, services)
    _opened(services, who, key, version, ordinal)
    return PartView(
        document=key,
        version=version,
        title=one_line(opened.document.title),
        classification=opened.classification.word,
        ordinal=ordinal,
        kind=kept.kind,
        label=one_line(kept.label),
        text=masked(kept.text),
        picture=picture,
    )


@router.get("/documents/{key}/versions/{version}/pages/{ordinal}", response_class=FileResponse)
def page(key: str, version: str, ordinal: Ordinal, services: Held, who: Reader) -> FileResponse:
    """The picture of a page."""
    return _picture(key, version, ordinal, services, who, small=False)


@router.get("/documents/{key}/versions/{version}/thumbnails/{ordinal}", response_class=FileResponse)
def thumbnail(key: str, version: str, ordinal: Ordinal, services: Held, who: Reader) -> FileResponse:
    """A page too small to be read; that it was shown stands with the question, and is not recorded again."""
    return _picture(key, version, ordinal, services, who, small=True)


def _picture(key: str, version: str, ordinal: int, services: Services, who: Caller, *, small: bool) -> FileResponse:
    _version(key, version, services, who)  # is the registry's: nothing else becomes a path
    _part(key, version, ordinal, services)
    file = services.originals.picture(key, version, ordinal, small=small)
    if file is None:
        raise PartNotFound(document=key[:64], part=ordinal)
    if not small:
        _opened(services, who, key, version, ordinal)
    return FileResponse(file, media_type="image/webp", headers=_PRIVATE)


def _visible(key: str, services: Services, who: Caller) -> Document:
    found = services.registry.document(key, access=who.access(services))
    if found is None:
        raise _not_there(key, services, who)
    return found


def _version(key: str, version: str, services: Services, who: Caller) -> Opened:
    opened = services.opening.version(key, version, principal=who.principal)
    if opened is None:
        raise _not_there(key, services, who)
    return opened


def _not_there(key: str, services: Services, who: Caller) -> DocumentNotFound:
    """The error to raise for a document or a version that is absent or hidden; it is recorded as a denial."""
    hidden = services.registry.entry(key) is not None
    who.asked.deny(document=key if hidden else "unknown")
    return DocumentNotFound(document=key[:64])


def _part(key: str, version: str, ordinal: int, services: Services) -> tuple[Part, bool]:
    found = services.registry.part(key, version, ordinal)
    if found is None:
        raise PartNotFound(document=key[:64], part=ordinal)
    return found


def _opened(services: Services, who: Caller, key: str, version: str, ordinal: int) -> None:
    details: dict[str, Json] = {"document": key, "version": version, "part": ordinal}
    services.audit.commit(act("page.opened", "success", who.actor, new_id(), details))
