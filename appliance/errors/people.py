"""Who asks, and what they may."""

from __future__ import annotations

from appliance.errors.root import Denied, Unavailable


class SignInNeeded(Denied):
    """No session, or one that has ended."""

    code = "sign-in-needed"
    en = "You are not signed in, or your session has ended. Sign in again."
    ja = "サインインしていないか、セッションが終了しています。もう一度サインインしてください。"


class PersonUnknown(Denied):
    """A name that the identity in use does not know."""

    code = "person-unknown"
    en = "Nobody is called {name} here. Names: {names}."
    ja = "{name} という利用者はいません。使える名前: {names}。"


class RoleNeeded(Denied):
    """A signed-in person without the role for this."""

    code = "role-needed"
    en = "This needs the role {role}. Ask an administrator for it."
    ja = "この操作には役割 {role} が必要です。管理者に依頼してください。"


class OriginRefused(Denied):
    """A request whose Host or Origin is not exactly ours."""

    code = "origin-refused"
    en = "The request came under the name {name}, which is not this appliance's address. Open {address} instead."
    ja = "{name} は、このシステムのアドレスではありません。{address} を開いてください。"


class PeerRefused(Denied):
    """Another operating-system user on the private socket."""

    code = "peer-refused"
    en = "The private socket serves its installation's owner only, not the user with uid {uid}. Run the command as the owner."
    ja = (
        "専用ソケットは所有者だけが使用できます（uid {uid} は使用できません）。所有者としてコマンドを実行してください。"
    )


class OwnerNeeded(Denied):
    """Documents and their access, asked for by anybody but the installation's owner on the private socket."""

    code = "owner-needed"
    en = "Documents and who may see them are changed on the box alone, by the installation's owner, with `ingest`. No role does so from a browser."
    ja = "文書と閲覧範囲は、このサーバー上で所有者が ingest コマンドを使って変更します。ブラウザーからは、どの役割でも変更できません。"


class DirectoryUnreadable(Unavailable):
    """The file of people cannot be used now, so nobody is anybody: deny by default."""

    code = "directory-unreadable"
    en = "Who may sign in cannot be read now, so nobody is let in. The administrator finds the cause with: appliance doctor"
    ja = "利用者の一覧を読み込めないため、現在はどなたも利用できません。原因は、管理者が appliance doctor で確認できます。"
