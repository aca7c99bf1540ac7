"""An OpenAI-compatible API with a built-in talker, for the sandbox."""
