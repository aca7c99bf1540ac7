"""The talker's fixed answers, one for each way a reply can look."""

HELLO = (
    "Hello! I am the sandbox's built-in talker. "
    "I am no real model, but I answer at a real model's pace. Ask me for help to see what I know."
)

WHO = (
    "I am a handful of rules inside the sandbox, not a language model. "
    "I give the same answer to the same words every time. "
    "I stand in for a real model so that you can try the bot without a key."
)

HELP = """\
I work by simple rules. You can ask me to:

- **echo** something: `echo good morning`
- **count**: `count to 7`
- tell a **story**, long enough for several messages
- write **code**, a **list** or a **table**
- show a **link** or some **emoji**
- **think** before I answer
- tell a **joke**

To anything else I give a short answer that repeats what you asked."""

WELL = "I run as well as rules can run. Thank you for asking. How are you?"

NO_CLOCK = "I have no clock and no calendar. The same words always get the same answer from me."

WELCOME = "You are welcome. It was no trouble at all."

BYE = "Goodbye! I will be here whenever the sandbox runs."

JOKE = (
    "Why did the token cross the stream? To get to the other side of the delta. "
    "I only know this one, I am afraid."
)

CODE = """\
Here is a small function that adds the squares of some numbers:

```python
def sum_of_squares(numbers: list[int]) -> int:
    total = 0
    for number in numbers:
        total += number * number
    return total


print(sum_of_squares([1, 2, 3]))  # 14
```

It goes through the numbers one by one. The last line prints 14."""

LISTS = """\
Three things to take along:

- a warm coat
- a map of the harbour
- something to eat, bread or apples

And the order of the day:

1. Wake up before the tide.
2. Walk down to the pier.
3. Wait for the first boat.

That is all I would pack."""

TABLE = """\
These are the boats of the harbour:

| Boat | Colour | Length |
| --- | --- | ---: |
| Marigold | yellow | 7.5 m |
| Old Thomas | green | 11 m |
| Swift | white | 6.2 m |

The Swift is the smallest of them."""

LINKS = (
    "The language this is written in lives at [python.org](https://www.python.org). "
    "Its documentation is at https://docs.python.org/3/library/asyncio.html, "
    "and an example page for everybody is <https://example.com>."
)

EMOJI = (
    "Here you are: 🎉 a party, 🐈‍⬛ a black cat, 👍🏽 a thumb, 🇫🇷 a flag and ❤️ a heart. "
    "Discord's own look like :smile: in words. That makes six. 🙂"
)

THOUGHT = (
    "<think>The person wants me to think first. I have no thoughts of my own, "
    "so these two sentences stand in for them.</think>"
    "I have thought about it. My answer is that a good question deserves a good model."
)
