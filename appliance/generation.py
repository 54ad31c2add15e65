"""Generation: a prompt in, tokens out, through a pipeline whose last component is a chat model.

An integrator may put other components before `chat`; markers are read and sentences checked after it, in answering.py.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from haystack import Pipeline, component
from haystack.core.errors import PipelineRuntimeError
from haystack.dataclasses import StreamingChunk
from haystack.dataclasses.streaming_chunk import AsyncStreamingCallbackT

from appliance.errors import own_cause
from appliance.models import Prompt, Token
from appliance.protocols import ChatModel

# A chunk carries this in its meta where its text is quoted; Haystack's own chunks never do.
_QUOTED = "quoted"


@component
class Chat:
    """A ChatModel as a Haystack component that streams."""

    def __init__(self, model: ChatModel) -> None:
        self._model = model

    @component.output_types(written=int)
    def run(self, prompt: Prompt, streaming_callback: AsyncStreamingCallbackT | None = None) -> dict[str, int]:
        """Not for use: an answer is always streamed."""
        raise NotImplementedError("an answer is streamed: run the pipeline with stream()")

    @component.output_types(written=int)
    async def run_async(
        self, prompt: Prompt, streaming_callback: AsyncStreamingCallbackT | None = None
    ) -> dict[str, int]:
        """How many pieces were written; each went to the callback when it came."""
        written = 0
        async with aclosing(self._model.stream(prompt)) as stream:
            async for token in stream:
                written += 1
                if streaming_callback is not None:
                    await streaming_callback(StreamingChunk(content=token.text, meta={_QUOTED: token.quoted}))
        return {"written": written}


def generation_pipeline(model: ChatModel) -> Pipeline:
    """The default pipeline: the chat model alone."""
    pipeline = Pipeline()
    pipeline.add_component("chat", Chat(model))
    return pipeline


async def tokens(pipeline: Pipeline, prompt: Prompt) -> AsyncGenerator[Token, None]:
    """The pieces of an answer as they come. Closing the generator cancels the pipeline, and with it the model.

    An error of ours comes out as itself, not as the pipeline's.
    """
    handle = pipeline.stream({"chat": {"prompt": prompt}}, streaming_components=["chat"])
    try:
        async for chunk in handle:
            yield Token(chunk.content, quoted=bool(chunk.meta.get(_QUOTED)))
    except PipelineRuntimeError as error:
        if (own := own_cause(error)) is not None:
            raise own from own.__cause__
        raise
    finally:
        await handle.aclose()
