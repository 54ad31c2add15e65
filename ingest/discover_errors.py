"""Why a file of a collection is not taken in, or why a whole folder is not believed.

    BadInput
    ├── RootMissing, RootUnreadable, RootEmpty        the collection's folder: the run stops, nothing is removed
    ├── PathOutside, LinkOutside                      not of this collection
    ├── LinkLoop, LinkToFolder, LinkBroken            links that are not followed
    ├── NestedCollection, FolderTooDeep, FolderClosed folders that are not entered
    ├── NotAFile, NameUndecodable, NameActing, NamesCollide  things that cannot be documents
    └── FileOverLimit, FileGone, FileClosed, FileChanged   files that cannot be read now
    NotThere
    └── PathUnknown, CollectionUnknown                what is not stored

All but those of the root and of what is not stored are rows of a report; the run goes on.
"""

from __future__ import annotations

from appliance.errors import BadInput, NotThere


class RootUnreadable(BadInput):
    """The collection's folder is missing, is no folder, or is closed to this user."""

    code = "root-unreadable"
    en = "{path} cannot be read ({why}). Nothing was taken in and nothing removed. Check that the folder exists, is mounted and may be read by this user."
    ja = "{path} を読み取れません（{why}）。取り込みも削除も行っていません。フォルダーが存在し、マウントされていて、この利用者が読めることを確認してください。"


class RootMissing(BadInput):
    """A collection's folder that is not there, or is a file."""

    code = "root-missing"
    en = "There is no folder {path}. Nothing was taken in and nothing removed. Check the path, and that its share is mounted."
    ja = "フォルダー {path} がありません。取り込みも削除も行っていません。パスと、共有フォルダーがマウントされていることを確認してください。"


class PathUnknown(NotThere):
    """A document to be removed that the collection does not hold."""

    code = "path-unknown"
    en = "{collection}/{path} is not stored, so it was not removed. Near it: {near}. The list: ingest status --collection {collection}"
    ja = "{collection}/{path} は登録されていないため、削除していません。近い名前: {near}。一覧は ingest status --collection {collection} で確認できます。"


class CollectionUnknown(NotThere):
    """A collection without a document: collections exist by their documents alone."""

    code = "collection-unknown"
    en = "There is no collection {collection}. Collections: {known}."
    ja = "文書群 {collection} はありません。ある文書群: {known}。"


class RootEmpty(BadInput):
    """A folder without a single file: far more often a share that is not mounted than a collection that was cleared."""

    code = "root-empty"
    en = "{path} holds no file, as a folder does whose share is not mounted. Nothing was removed. Mount it, or remove the documents by name with: ingest remove"
    ja = "{path} にファイルが 1 つもありません。共有フォルダーがマウントされていない可能性があります。何も削除していません。マウントするか、文書を削除する場合は ingest remove で指定してください。"


class PathOutside(BadInput):
    """A path that is not below the collection's folder."""

    code = "path-outside"
    en = "{path} is not inside {root}, the folder of this collection. Name a path inside it, or add it to another collection."
    ja = "{path} は、この文書群のフォルダー {root} の中にありません。中にあるパスを指定するか、別の文書群に追加してください。"


class LinkOutside(BadInput):
    """A symbolic link to something outside the collection's folder."""

    code = "link-outside"
    en = "{path} is a link to {target}, outside this collection, and was not followed. Put a copy of the file in its place."
    ja = "{path} はこの文書群の外（{target}）へのリンクのため、たどっていません。リンクの代わりにファイルのコピーを置いてください。"


class LinkLoop(BadInput):
    """A link that leads to a folder above itself, or to itself."""

    code = "link-loop"
    en = "{path} is a link that leads back to a folder it stands in, and was not followed. Remove the link."
    ja = "{path} は、自分を含むフォルダーへ戻るリンクのため、たどっていません。リンクを削除してください。"


class LinkToFolder(BadInput):
    """A link to another folder of the same collection, whose files are taken in where they stand."""

    code = "link-to-folder"
    en = "{path} is a link to the folder {target} and was not followed: files are taken in where they stand. Remove the link, or put a copy of the folder in its place."
    ja = "{path} はフォルダー {target} へのリンクのため、たどっていません。ファイルは実際の場所で取り込まれます。リンクを削除するか、代わりにフォルダーのコピーを置いてください。"


class LinkBroken(BadInput):
    """A link to something that does not exist."""

    code = "link-broken"
    en = "{path} is a link to {target}, which does not exist. Restore the file, or remove the link."
    ja = "{path} のリンク先（{target}）がありません。ファイルを元に戻すか、リンクを削除してください。"


class NestedCollection(BadInput):
    """A folder with a manifest of its own: whoever wrote it expects that manifest to count, so ours does not."""

    code = "nested-collection"
    en = "{path} has a collection.toml of its own, so it is not part of this collection. Ingest it as a collection of its own, or move its rules into an [[override]] of {manifest} and delete its file."
    ja = "{path} には専用の collection.toml があるため、この文書群には含めていません。別の文書群として取り込むか、その内容を {manifest} の [[override]] に移して、ファイルを削除してください。"


class FolderTooDeep(BadInput):
    """Folders within folders beyond any order that people keep."""

    code = "folder-too-deep"
    en = "{path} lies more than {limit} folders deep and was not entered. Move it further up."
    ja = "{path} は {limit} 階層より深い場所にあるため、取り込んでいません。浅い場所に移してください。"


class FolderClosed(BadInput):
    """A folder whose names cannot be listed. What was taken in from it stays."""

    code = "folder-closed"
    en = "{path} cannot be listed ({why}). Its documents stay as they were. Let this user read the folder."
    ja = "{path} の一覧を取得できません（{why}）。その中の文書は以前のままです。この利用者が読めるようにしてください。"


class NotAFile(BadInput):
    """A socket, a device or a pipe."""

    code = "not-a-file"
    en = "{path} is not a file but a special node ({kind}), and was not opened. Remove it from the folder."
    ja = "{path} はファイルではなく特殊ファイル（{kind}）のため、開いていません。フォルダーから取り除いてください。"


class NameUndecodable(BadInput):
    """A name whose bytes are not UTF-8, as old archives of Windows files leave them."""

    code = "name-undecodable"
    en = "The name {path} is not UTF-8. Rename it, for example with: convmv -f cp932 -t utf8 --notest"
    ja = "名前 {path} が UTF-8 ではありません。名前を変更してください（例: convmv -f cp932 -t utf8 --notest）。"


class NameActing(BadInput):
    """A name with characters that act instead of showing: line breaks, escapes, marks that turn a line around."""

    code = "name-acting"
    en = "The name {path} holds characters that cannot be shown (written here as U+...), so it was not taken in. Rename it without them."
    ja = "名前 {path} に、表示できない文字（⟨U+...⟩ と表しています）が含まれるため、取り込んでいません。その文字を除いた名前に変更してください。"


class NamesCollide(BadInput):
    """Two names that look and count the same, written with different characters."""

    code = "names-collide"
    en = "{path}: several files have this name in different Unicode forms ({names}). None was taken in. Rename or remove all but one."
    ja = "{path}: 同じ名前で Unicode の表現が異なるファイルが複数あります（{names}）。どれも取り込んでいません。1 つを残して、名前を変更するか削除してください。"


class FileOverLimit(BadInput):
    """A file over the limit; it was not read."""

    code = "file-over-limit"
    en = "{path} has {size} MB; at most {limit} MB are read. Split the file, or move it out of the collection."
    ja = "{path} は {size} MB あります。読み取れるのは {limit} MB までです。ファイルを分割するか、文書群の外に移してください。"


class FileGone(BadInput):
    """A file that does not exist, or that vanished between being listed and being read."""

    code = "file-gone"
    en = "{path} does not exist, or was removed while it was being read. Check the path, then run the command again."
    ja = "{path} は存在しないか、読み取り中に削除されました。パスを確認して、もう一度実行してください。"


class FileClosed(BadInput):
    """A file that this user may not read, or that the disk or share does not give."""

    code = "file-closed"
    en = "{path} cannot be read ({why}). Let this user read the file, or check the disk, then run the command again."
    ja = "{path} を読み取れません（{why}）。この利用者が読めるようにするか、ディスクを確認して、もう一度実行してください。"


class FileChanged(BadInput):
    """A file that was written while it was read: what was read may be half old and half new."""

    code = "file-changed"
    en = "{path} changed while it was being read, so it was not taken in. Run the command again when nobody writes to it."
    ja = "{path} は読み取り中に変更されたため、取り込んでいません。書き込みが終わってから、もう一度実行してください。"
