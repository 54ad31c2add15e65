"""What every Embedder must do; today there is one."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from appliance.embedding.e5 import E5Embedder
from appliance.errors import PassageUnusable, QuestionEmpty
from appliance.protocols import Embedder

TEXTS = ["有給休暇は10日付与する。", "Meals over 80 dollars need a request.", "サーバーの再起動"]


@pytest.fixture(scope="module", params=[E5Embedder])
def embedder(request: pytest.FixtureRequest) -> Iterator[Embedder]:
    return request.param()


def test_vectors_have_the_announced_dimensions_and_length_one(embedder: Embedder) -> None:
    query, passages = embedder.embed_query(TEXTS[0]), embedder.embed_passages(TEXTS)

    assert query.shape == (embedder.identity.dimensions,)
    assert passages.shape == (3, embedder.identity.dimensions)
    assert query.dtype == passages.dtype == np.float32
    assert np.linalg.norm(passages, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert np.linalg.norm(query) == pytest.approx(1.0, abs=1e-5)


def test_the_passage_that_answers_is_nearest_across_languages(embedder: Embedder) -> None:
    passages = embedder.embed_passages(TEXTS)

    assert int(np.argmax(passages @ embedder.embed_query("How many days of paid leave do I get?"))) == 0
    assert int(np.argmax(passages @ embedder.embed_query("会食の費用に申請は必要ですか"))) == 1


def test_a_question_and_a_passage_of_the_same_words_are_embedded_differently(embedder: Embedder) -> None:
    assert not np.array_equal(embedder.embed_query(TEXTS[0]), embedder.embed_passages(TEXTS[:1])[0])


def test_a_text_has_the_same_vector_in_any_company_and_order(embedder: Embedder) -> None:
    many = [*TEXTS, "x" * 500, "短い", *TEXTS, "経費" * 200]

    alone = np.stack([embedder.embed_passages([text])[0] for text in many])

    assert np.array_equal(embedder.embed_passages(many), alone)
    assert np.array_equal(embedder.embed_passages(many[::-1]), alone[::-1])


def test_no_passages_give_an_empty_matrix(embedder: Embedder) -> None:
    assert embedder.embed_passages([]).shape == (0, embedder.identity.dimensions)


def test_text_after_a_nul_counts(embedder: Embedder) -> None:
    with_nul, cut = embedder.embed_passages(["経費の規程\x00ただし役員を除く", "経費の規程"])

    assert not np.allclose(with_nul, cut)
    assert not np.allclose(embedder.embed_query("経費\x00役員"), embedder.embed_query("経費"))


def test_lone_surrogates_are_left_out(embedder: Embedder) -> None:
    broken, whole = embedder.embed_passages(["経費\ud800の規程", "経費の規程"])

    assert np.array_equal(broken, whole)
    assert np.array_equal(embedder.embed_query("\udfff経費"), embedder.embed_query("経費"))


@pytest.mark.parametrize("empty", ["", " \n\u3000\t", "\x00\x00", "\ud800"])
def test_a_text_without_content_is_refused(embedder: Embedder, empty: str) -> None:
    with pytest.raises(PassageUnusable, match="Text 1 of the batch cannot be embedded: it is empty"):
        embedder.embed_passages(["経費", empty])
    with pytest.raises(QuestionEmpty, match="The question is empty"):
        embedder.embed_query(empty)


def test_a_passage_over_the_limit_is_refused_and_not_cut(embedder: Embedder) -> None:
    with pytest.raises(PassageUnusable, match=r"Text 2 .*it has 2001 characters, at most 2000 can be embedded"):
        embedder.embed_passages(["経費", "a" * 2000, "あ" * 2001])


def test_a_question_is_read_as_far_as_the_model_reads(embedder: Embedder) -> None:
    beginning = "海外出張の宿泊費の上限はいくらか。" * 60  # some 600 tokens
    assert np.array_equal(embedder.embed_query(beginning + "経費" * 100), embedder.embed_query(beginning))
    assert np.array_equal(embedder.embed_query(beginning * 20), embedder.embed_query(beginning))


def test_threads_share_an_embedder_and_get_the_same_vectors(embedder: Embedder) -> None:
    expected = embedder.embed_passages(TEXTS)
    results: list[bool] = []

    def embed() -> None:
        results.extend(np.array_equal(embedder.embed_passages(TEXTS), expected) for _ in range(5))

    threads = [threading.Thread(target=embed) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert results == [True] * 20
