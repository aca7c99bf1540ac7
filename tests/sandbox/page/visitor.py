"""A person in front of the page: a browser's tab, used as people use it."""

from typing import Any

from playwright.async_api import ConsoleMessage, Error, Locator, Page, Request, expect

MODULES = "text, { user: (id) => ({ 1: 'ana' })[id] ?? null, channel: () => 'general', me: 'ana' }"


class Visitor:
    """Look at the page and use it; remember what it complained of and whom it asked."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.complaints: list[str] = []
        self.outside: list[str] = []
        page.set_default_timeout(8000)
        page.on("console", self._note)
        page.on("pageerror", self._fail)
        page.on("request", self._watch)

    async def arrive(self) -> None:
        """Open the page and wait until one can write."""
        await self.page.goto(self.url)
        await self.page.locator("#message-box:focus").wait_for()

    @property
    def box(self) -> Locator:
        """Return the field that messages are written in."""
        return self.page.locator("#message-box")

    @property
    def messages(self) -> Locator:
        """Return the messages that are shown."""
        return self.page.locator("li.message")

    @property
    def contents(self) -> Locator:
        """Return the texts of the messages that are shown."""
        return self.page.locator("li.message .content")

    @property
    def suggestions(self) -> Locator:
        """Return what the list above the field offers."""
        return self.page.get_by_role("listbox").get_by_role("option")

    async def keys(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            await self.page.keyboard.press(key)

    async def write(self, text: str) -> None:
        """Type a text where the focus is."""
        await self.page.keyboard.type(text)

    async def mention(self, text: str) -> None:
        """Write to the bot as one does: choose its name from the list, then send."""
        await self.write("@Sand")
        await expect(self.suggestions.first).to_be_visible()
        await self.keys("Enter")
        await self.write(text)
        await self.keys("Enter")

    async def command(self, name: str) -> None:
        """Choose a slash command from the list that "/" opens."""
        await self.write(f"/{name}")
        await expect(self.suggestions.first).to_contain_text(f"/{name}")
        await self.keys("Enter")

    async def become(self, user: str) -> None:
        """Act as somebody else."""
        await self.page.get_by_role("combobox", name="Act as").select_option(user)
        await self.box.focus()

    async def rendered(self, markdown: str) -> str:
        """Return the HTML that the page makes of a text."""
        script = f"""async (text) => {{
            const {{ renderMarkdown }} = await import("/page/markdown.js");
            const place = document.createElement("div");
            place.append(renderMarkdown({MODULES}));
            return place.innerHTML;
        }}"""
        found: Any = await self.page.evaluate(script, markdown)
        return str(found)

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _fail(self, error: Error) -> None:
        self.complaints.append(str(error))

    def _watch(self, request: Request) -> None:
        if not request.url.startswith(self.url):
            self.outside.append(request.url)
