"""Documents, their access and where they are kept."""

from __future__ import annotations

from appliance.errors.root import BadInput, NotThere, Unavailable


class DocumentNotFound(NotThere):
    """No such document for this person; the same words whether it is hidden or absent."""

    code = "document-not-found"
    en = "There is no document {document} among those you may see."
    ja = "閲覧できる文書の中に {document} はありません。"


class PartNotFound(NotThere):
    """A page, section or picture that the version does not have."""

    code = "part-not-found"
    en = "Document {document} has no page or section {part} in this version."
    ja = "文書 {document} のこの版に、{part} ページ（節）はありません。"


class ConversationNotFound(NotThere):
    """No such conversation of this person's."""

    code = "conversation-not-found"
    en = "There is no conversation {conversation} of yours."
    ja = "会話 {conversation} は見つかりません。"


class GroupUnknown(BadInput):
    """A group name that the identity in use does not know."""

    code = "group-unknown"
    en = "{where}: there is no group called {group}. Groups: {groups}."
    ja = "{where}: グループ {group} はありません。使えるグループ: {groups}。"


class CollectionNameInvalid(BadInput):
    """A name that no collection can have: it would not be one step of an address."""

    code = "collection-name-invalid"
    en = "No collection can be called {name}. A name has letters, digits, '-', '_' and '.', begins with a letter or digit, and has at most 100 characters."
    ja = "{name} は文書群の名前に使えません。文字・数字・「-」「_」「.」からなり、文字か数字で始まる 100 文字以内の名前を指定してください。"


class AccessListMissing(BadInput):
    """A document or collection without any group: nobody could see it, so it is not taken in."""

    code = "access-list-missing"
    en = "{where}: no group may see this. Name at least one under groups; without an access list nothing is taken in."
    ja = "{where}: 閲覧できるグループが指定されていません。groups に 1 つ以上指定してください（閲覧範囲のない文書は取り込めません）。"


class DocumentInvalid(BadInput):
    """A document as sent to the API that contradicts itself."""

    code = "document-invalid"
    en = "{document}: {why}. Nothing was stored; convert and send the document again."
    ja = "{document}: {why}。何も保存されていません。変換し直して送信してください。"


class DiskFull(Unavailable):
    """No space while storing; what was half-written was removed."""

    code = "disk-full"
    en = "The disk of {path} is full; {document} was not stored. Free space and run the command again."
    ja = "{path} のディスクに空きがないため、{document} は保存されていません。空きを作り、もう一度実行してください。"
