"""Search: what visitors type finds what they mean in the sample, on both databases."""

import pytest
from flask import Flask

from tests.makers import NOW
from verdicts.comparisons import finder
from verdicts.comparisons.finder import ToolQuery
from verdicts.comparisons.tool_orders import Sort
from verdicts.curation import sample
from verdicts.extensions import begin_write, db

FIRST = {
    # a name, whole, begun or in capitals
    "claude": "claude",
    "Claude Code": "claude-code",
    "claude co": "claude-code",
    "cursor": "cursor",
    "curs": "cursor",
    "chatgpt": "chatgpt",
    "CHATGPT": "chatgpt",
    "copilot": "github-copilot",
    "mistral code": "mistral-code",
    "gemini": "gemini",
    "gemini note": "gemini-notebook",
    "whisper": "whisper",
    "whisper.cpp": "whisper-cpp",
    "llama.cpp": "llama-cpp",
    "stable diffusion": "stable-diffusion",
    "dall-e 3": "dall-e-3",
    "flux.1": "flux-1",
    "transformers": "hugging-face-transformers",
    "perplexity": "perplexity",
    "descript": "descript",
    # accents and other forms of letters
    "ölläma": "ollama",
    "Ｒｕｎｗａｙ": "runway",
    "Élicit": "elicit",
    # a letter wrong, missing, added or swapped
    "cursr": "cursor",
    "curzor": "cursor",
    "curosr": "cursor",
    "cursorr": "cursor",
    "chatgtp": "chatgpt",
    "chatgbt": "chatgpt",
    "chagpt": "chatgpt",
    "clade": "claude",
    "cluade": "claude",
    "claudee": "claude",
    "gemni": "gemini",
    "gemeni": "gemini",
    "perplexty": "perplexity",
    "midjorney": "midjourney",
    "mid jurney": "midjourney",
    "gramarly": "grammarly",
    "grammerly": "grammarly",
    "langchian": "langchain",
    "lamaindex": "llamaindex",
    "olama": "ollama",
    "wisper": "whisper",
    "elevnlabs": "elevenlabs",
    "pincone": "pinecone",
    "qdrnt": "qdrant",
    "pgvectr": "pgvector",
    "stable difusion": "stable-diffusion",
    "claude cde": "claude-code",
    "mistrl code": "mistral-code",
    "github copliot": "github-copilot",
    "languagetol": "languagetool",
    "runwey": "runway",
    # a space left out or put in
    "chat gpt": "chatgpt",
    "git hub": "github-copilot",
    "github": "github-copilot",
    "vscode": "github-copilot",
    "vs code": "github-copilot",
    "claudecode": "claude-code",
    "mid journey": "midjourney",
    "lang chain": "langchain",
    "llama index": "llamaindex",
    "llamacpp": "llama-cpp",
    "lmstudio": "lm-studio",
    "eleven labs": "elevenlabs",
    "deep l": "deepl",
    "pg vector": "pgvector",
    "huggingface transformers": "hugging-face-transformers",
    "stablediffusion": "stable-diffusion",
    # tools of one word, and of several that people run together
    "codex": "codex",
    "openai codex": "codex",
    "cline": "cline",
    "gemini cli": "gemini-cli",
    "deep seek": "deepseek",
    "deepseak": "deepseek",
    "openwebui": "open-webui",
    "self-hosted chat": "open-webui",
    "sg lang": "sglang",
    "gpt image": "gpt-image",
    "qwen image": "qwen-image",
    "kokoro": "kokoro",
    "semantic scholar": "semantic-scholar",
    "pydanticai": "pydantic-ai",
    "auto gen": "autogen",
    "weviate": "weaviate",
    "milvus": "milvus",
    "chromadb": "chroma",
    "libre translate": "libretranslate",
    "sora": "sora",
    # a former name
    "windsurf": "devin-desktop",
    "bard": "gemini",
    "le chat": "mistral-vibe",
    "notebooklm": "gemini-notebook",
    "notebook lm": "gemini-notebook",
    "dalle 3": "dall-e-3",
    # what a tool is for
    "gpt": "chatgpt",
    "transcription": "whisper",
    "speech to text": "whisper",
    "text to speech": "elevenlabs",
    "image generator": "gpt-image",
    "translate": "deepl",
    "translator": "deepl",
    "vector database": "pgvector",
    "grammar checker": "grammarly",
    "video editor": "descript",
    "video generator": "runway",
    "coding agent": "claude-code",
    "rag": "llamaindex",
    "local llm": "ollama",
    "ocr": "huggingface-smolvlm2-2b",
    "gguf": "llama-cpp",
    "open source vector db": "pgvector",
    "free vector database self-hosted": "pgvector",
    "free coding agent": "cline",
    "on-premise": "mistral-code",
    "self-hosted coding agent": "cline",
    # words of which no tool has all
    "copilot free": "github-copilot",
    "best for writing": "grammarly",
    "coding agent that keeps code in house": "mistral-code",
    "which chatbot is best": "chatgpt",
    # a maker
    "anysphere": "cursor",
    "google": "gemini",
}


@pytest.fixture(scope="module", autouse=True)
def loaded(shared_app: Flask) -> None:
    db.session.rollback()
    begin_write()
    assert sample.load(NOW)
    db.session.commit()


def found(text: str) -> finder.FoundTools:
    return finder.find_tools(ToolQuery(text=text, sort=Sort.RELEVANCE), NOW)


@pytest.mark.parametrize(("text", "first"), FIRST.items(), ids=FIRST)
def test_the_tool_that_is_meant_comes_first(text: str, first: str) -> None:
    assert next((tool.slug for tool in found(text).tools), "") == first
