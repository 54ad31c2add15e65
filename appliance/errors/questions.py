"""Questions and requests."""

from __future__ import annotations

from appliance.errors.root import BadInput, Denied, NotThere, Unavailable


class QuestionEmpty(BadInput):
    """A question without a visible character."""

    code = "question-empty"
    en = "The question is empty. Type what you want to know."
    ja = "質問が空です。知りたいことを入力してください。"


class QuestionTooLong(BadInput):
    """A question over the limit."""

    code = "question-too-long"
    en = "The question has {length} characters; at most {limit} are accepted. Shorten it."
    ja = "質問が {length} 文字あります。{limit} 文字以内に短くしてください。"


class RequestInvalid(BadInput):
    """A request to the API whose shape is wrong."""

    code = "request-invalid"
    en = "The request's field {field} is not usable: {why}. Correct it; /api/openapi.json describes every request."
    ja = "リクエストの項目 {field} が正しくありません（{why}）。/api/openapi.json の定義に従って直してください。"


class RequestTooLarge(BadInput):
    """A body over the limit: it is neither read nor kept."""

    code = "request-too-large"
    en = "The request has more than the {limit} bytes that are accepted here. Send less."
    ja = "リクエストが上限の {limit} バイトを超えています。小さくして送信してください。"


class RouteUnknown(NotThere):
    """Nothing is served under this path."""

    code = "route-unknown"
    en = "There is nothing at {path}; /api/openapi.json describes every request."
    ja = "{path} には何もありません。リクエストの一覧は /api/openapi.json にあります。"


class MethodRefused(BadInput):
    """A path that exists, with a method that it does not take."""

    code = "method-refused"
    en = "{path} does not take {method}; /api/openapi.json describes every request."
    ja = "{path} は {method} を受け付けません。リクエストの一覧は /api/openapi.json にあります。"


class TooManyQuestions(Unavailable):
    """One more question of somebody whose earlier ones are still being answered."""

    code = "too-many-questions"
    en = "At most {limit} of your questions are answered at once, and that many are running. Wait for one of them, or stop it, and ask again in {seconds} seconds."
    ja = "同時に回答できる質問は 1 人 {limit} 件までで、現在 {limit} 件に回答中です。いずれかの回答が終わるのを待つか停止して、{seconds} 秒後にもう一度質問してください。"


class AnswerTooSlow(Unavailable):
    """An answer that was waited for and written longer than it may take."""

    code = "answer-too-slow"
    en = "The answer was not finished within {seconds} seconds and was stopped. Ask again in a moment, or ask less at once."
    ja = "{seconds} 秒以内に回答が完了しなかったため、中止しました。しばらくしてからもう一度質問するか、質問を短くしてください。"


class AnswerEnded(Denied):
    """The asker signed out, or may see something else than when they asked."""

    code = "answer-ended"
    en = "The answer stops here: your session ended, or your groups or rights changed. Sign in and ask again."
    ja = "サインアウトまたは所属・権限の変更により、回答を中止しました。サインインして、もう一度質問してください。"
