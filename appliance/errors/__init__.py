"""Everything that is raised on purpose: one root, a stable code, what happened with the value, and the remedy.

    ApplianceError
    ├── BadInput            the caller can mend it
    ├── Denied              who asks may not, or is not signed in
    ├── NotThere            it does not exist, or must not be seen to exist
    ├── Conflict            it would contradict what is stored
    └── Unavailable         a part of the appliance cannot work now

A concrete error gives `code`, an English and a Japanese sentence with named fields, and nothing else. HTTP statuses and
exit codes stand in one table per edge (`api/problems.py`, `cli/exits.py`), by family.

One file an area; everything is imported from here.
"""

from appliance.errors.clients import (
    ApiProblem as ApiProblem,
)
from appliance.errors.clients import (
    ApiUnreachable as ApiUnreachable,
)
from appliance.errors.clients import (
    PortalNotBound as PortalNotBound,
)
from appliance.errors.clients import (
    StreamlitChanged as StreamlitChanged,
)
from appliance.errors.documents import (
    AccessListMissing as AccessListMissing,
)
from appliance.errors.documents import (
    CollectionNameInvalid as CollectionNameInvalid,
)
from appliance.errors.documents import (
    ConversationNotFound as ConversationNotFound,
)
from appliance.errors.documents import (
    DiskFull as DiskFull,
)
from appliance.errors.documents import (
    DocumentInvalid as DocumentInvalid,
)
from appliance.errors.documents import (
    DocumentNotFound as DocumentNotFound,
)
from appliance.errors.documents import (
    GroupUnknown as GroupUnknown,
)
from appliance.errors.documents import (
    PartNotFound as PartNotFound,
)
from appliance.errors.log import (
    AuditBroken as AuditBroken,
)
from appliance.errors.log import (
    AuditEventInvalid as AuditEventInvalid,
)
from appliance.errors.log import (
    AuditEventNotFound as AuditEventNotFound,
)
from appliance.errors.log import (
    AuditExists as AuditExists,
)
from appliance.errors.log import (
    AuditFilterUnknown as AuditFilterUnknown,
)
from appliance.errors.log import (
    AuditIdReused as AuditIdReused,
)
from appliance.errors.log import (
    AuditKeyInvalid as AuditKeyInvalid,
)
from appliance.errors.log import (
    AuditLocked as AuditLocked,
)
from appliance.errors.log import (
    AuditUnavailable as AuditUnavailable,
)
from appliance.errors.log import (
    ExportFolderUsed as ExportFolderUsed,
)
from appliance.errors.log import (
    ExportNotWritten as ExportNotWritten,
)
from appliance.errors.log import (
    ExportRefused as ExportRefused,
)
from appliance.errors.log import (
    SelectionEmpty as SelectionEmpty,
)
from appliance.errors.log import (
    SelectionPersonUnknown as SelectionPersonUnknown,
)
from appliance.errors.log import (
    VerifierInputUnusable as VerifierInputUnusable,
)
from appliance.errors.people import (
    DirectoryUnreadable as DirectoryUnreadable,
)
from appliance.errors.people import (
    OriginRefused as OriginRefused,
)
from appliance.errors.people import (
    OwnerNeeded as OwnerNeeded,
)
from appliance.errors.people import (
    PeerRefused as PeerRefused,
)
from appliance.errors.people import (
    PersonUnknown as PersonUnknown,
)
from appliance.errors.people import (
    RoleNeeded as RoleNeeded,
)
from appliance.errors.people import (
    SignInNeeded as SignInNeeded,
)
from appliance.errors.questions import (
    AnswerEnded as AnswerEnded,
)
from appliance.errors.questions import (
    AnswerTooSlow as AnswerTooSlow,
)
from appliance.errors.questions import (
    MethodRefused as MethodRefused,
)
from appliance.errors.questions import (
    QuestionEmpty as QuestionEmpty,
)
from appliance.errors.questions import (
    QuestionTooLong as QuestionTooLong,
)
from appliance.errors.questions import (
    RequestInvalid as RequestInvalid,
)
from appliance.errors.questions import (
    RequestTooLarge as RequestTooLarge,
)
from appliance.errors.questions import (
    RouteUnknown as RouteUnknown,
)
from appliance.errors.questions import (
    TooManyQuestions as TooManyQuestions,
)
from appliance.errors.root import (
    REGISTERED as REGISTERED,
)
from appliance.errors.root import (
    ApplianceError as ApplianceError,
)
from appliance.errors.root import (
    BadInput as BadInput,
)
from appliance.errors.root import (
    Conflict as Conflict,
)
from appliance.errors.root import (
    Denied as Denied,
)
from appliance.errors.root import (
    InternalError as InternalError,
)
from appliance.errors.root import (
    NotThere as NotThere,
)
from appliance.errors.root import (
    Unavailable as Unavailable,
)
from appliance.errors.root import (
    own_cause as own_cause,
)
from appliance.errors.search import (
    EmbedderAltered as EmbedderAltered,
)
from appliance.errors.search import (
    EmbedderMismatch as EmbedderMismatch,
)
from appliance.errors.search import (
    IndexLocked as IndexLocked,
)
from appliance.errors.search import (
    IndexUnavailable as IndexUnavailable,
)
from appliance.errors.search import (
    InvalidVector as InvalidVector,
)
from appliance.errors.search import (
    PassageUnusable as PassageUnusable,
)
from appliance.errors.start import (
    AddressUnusable as AddressUnusable,
)
from appliance.errors.start import (
    CpuUnsupported as CpuUnsupported,
)
from appliance.errors.start import (
    DemoIdentityNotLocal as DemoIdentityNotLocal,
)
from appliance.errors.start import (
    FileNotToml as FileNotToml,
)
from appliance.errors.start import (
    FolderOpenToOthers as FolderOpenToOthers,
)
from appliance.errors.start import (
    HomeMissing as HomeMissing,
)
from appliance.errors.start import (
    HomeNotEmpty as HomeNotEmpty,
)
from appliance.errors.start import (
    HomeOfAnother as HomeOfAnother,
)
from appliance.errors.start import (
    HomeUnusable as HomeUnusable,
)
from appliance.errors.start import (
    HomeUsed as HomeUsed,
)
from appliance.errors.start import (
    NotReady as NotReady,
)
from appliance.errors.start import (
    PeopleInvalid as PeopleInvalid,
)
from appliance.errors.start import (
    PortTaken as PortTaken,
)
from appliance.errors.start import (
    ServerUnreachable as ServerUnreachable,
)
from appliance.errors.start import (
    SettingInvalid as SettingInvalid,
)
from appliance.errors.start import (
    SettingsRefused as SettingsRefused,
)
from appliance.errors.start import (
    SettingUnknown as SettingUnknown,
)
from appliance.errors.start import (
    StoreNewer as StoreNewer,
)
from appliance.errors.start import (
    StoreUnavailable as StoreUnavailable,
)
