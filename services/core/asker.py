from contextvars import ContextVar

asker_id: ContextVar[int] = ContextVar("asker_id", default=0)
"""The person whose words the running task answers or says, 0 if unknown; inherited as turn_id is.

What is remembered of such words beside the history is to be forgotten with the person.
"""
