import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from services.channel_pacer import ChannelPacer, EditShare
from services.core.protocols import TextChannel
from services.core.types import ReplyButton, ReplyControls
from services.message_pages import Page, cut_page, settled

log = logging.getLogger(__name__)

Buttons = tuple[ReplyButton, ...]

FIRST_CHARACTERS = 40
FIRST_WAIT = 0.3
"""A message is posted with this many characters, or so many seconds after its first text."""

FIRST_GAP = 0.3
GAP_GROWTH = 1.5
"""Seconds from the first post to the first edit; every further gap is so much longer."""

END_PAUSES = (1.0, 2.0, 4.0)
END_PATIENCE = 20.0
"""Seconds before the end of a reply is tried again, and after which that is given up: a refused
call of discord.py's has tried five times by then."""

UNSURE = 8
"""Failed edits remembered of a message; whether they were made is asked when it matters."""

_NOTHING = Page("", 0, "", full=False)


class LiveMessage:
    """Show one reply in Discord messages while it is being written (the TextOutput of a channel).

    `update` only takes note of the text; `run`, a task of the reply's TaskGroup, posts and edits:
    first at about 40 characters or after 0.3 s, then whenever `pacer` has an edit, no sooner than
    0.3 s growing to `interval`. `finish` ends `run` and returns when the final text has arrived. It
    may be called again with a longer text, for a line at the end. With `streaming` False nothing is
    shown before `finish`. Each text must begin with the one before.

    `halt` ends `run` where it is. After that, `restart` lets a text of another answer take the
    place of what was shown, by edits of the first message, and `withdraw` deletes it all.

    What is over 2000 characters goes on in further messages. So does the end of a reply for which
    the channel has no edit left within 0.3 s. `on_shown` is called once an answer, after its first
    text was posted.

    Buttons ride on what is posted and edited anyway: those of `controls` while the text grows
    (None: no buttons at all), those given to `finish` under the last message, none under a full
    one. Where the end was shown before they have an edit of their own; a message left behind for
    want of an edit keeps what it had.

    The channel raises LookupError for a message that somebody deleted (the reply is posted anew
    once, then shown no more) and OSError when it cannot be written to: an edit on the way is then
    left out, `finish` tries again. Where the message can't be edited for good, what it does not
    show goes on in a further one; where that fails as well, `finish` raises.
    """

    def __init__(
        self,
        *,
        channel: TextChannel,
        reply_to: int | None,
        controls: ReplyControls | None,
        pacer: ChannelPacer,
        interval: float,
        streaming: bool,
        on_shown: Callable[[], None],
    ) -> None:
        self._channel = channel
        self._reply_to = reply_to
        self._controls = controls
        self._pacer = pacer
        self._interval = interval
        self._streaming = streaming
        self._on_shown = on_shown
        self._text = ""
        self._page = _NOTHING
        self._unsure: deque[Page] = deque(maxlen=UNSURE)  # of failed edits since the last one made
        self._start, self._fence = 0, ""
        self._current: int | None = None
        self._buttons: Buttons = ()
        self._posted: list[int] = []
        self._share: EditShare | None = None
        self._changed = asyncio.Event()
        self._enough = asyncio.Event()
        self._writing = asyncio.Lock()
        self._finishing = False
        self._stale = False
        self._reposted = self._gone = self._shown = self._posting = False

    @property
    def message_ids(self) -> tuple[int, ...]:
        """Return the ids of the messages posted, in order."""
        return tuple(self._posted)

    @property
    def is_showing(self) -> bool:
        """Tell whether a post may be seen: discord.py can return from it seconds later."""
        return self._posting or bool(self._posted)

    def update(self, text: str) -> None:
        """Take the whole text so far; never waits."""
        self._text = text
        self._changed.set()
        if len(text) >= FIRST_CHARACTERS:
            self._enough.set()

    async def run(self) -> None:
        """Show the growing text until `finish` is called."""
        if not self._streaming or not await self._has_begun():
            return
        self._share = self._pacer.join()
        try:
            gap = FIRST_GAP
            if self._stale and not await self._share.next_edit(earliest=0.0):
                return
            while await self._show() and await self._may_edit(self._share, gap):
                gap = min(gap * GAP_GROWTH, self._interval)
        finally:
            self._share.close()

    async def finish(self, text: str, *, buttons: Buttons) -> None:
        """Show the final text; returns when it has arrived. Raises OSError."""
        self.halt()
        async with self._writing:
            patience = asyncio.get_running_loop().time() + END_PATIENCE
            for pause in END_PAUSES:
                try:
                    await self._end(text, buttons)
                except PermissionError:
                    raise
                except OSError as error:
                    log.info("The end of the reply is not shown yet: %s", error)
                else:
                    return
                if asyncio.get_running_loop().time() > patience:
                    break
                await asyncio.sleep(pause)
            if self._current is not None:
                await self._go_on_below()
            await self._write(text, buttons)

    def halt(self) -> None:
        """Show nothing more of the growing text; what is on its way arrives. Idempotent."""
        self._finishing = True
        self._changed.set()
        self._enough.set()
        if self._share is not None:
            self._share.close()

    async def restart(self, *, reply_to: int | None) -> None:
        """Begin anew, after `run` has ended: another answer replaces what was shown."""
        self._reply_to = reply_to
        if self._controls is not None and reply_to is not None:
            self._controls = replace(self._controls, question_id=reply_to)
        for message_id in self._posted[1:]:
            await self._delete(message_id)
        self._current = self._posted[0] if self._posted else None
        self._stale = self._current is not None
        self._text, self._page = "", _NOTHING
        self._unsure.clear()
        self._start, self._fence = 0, ""
        self._share = None
        self._buttons = ()
        self._changed.clear()
        self._enough.clear()
        self._finishing = self._reposted = self._gone = self._shown = False

    async def withdraw(self) -> None:
        """Delete what was shown."""
        for message_id in list(self._posted):
            await self._delete(message_id)
        self._current = None

    async def _end(self, text: str, buttons: Buttons) -> None:
        page = self._cut(text)
        stands = self._current is None or not self._differs(page, _under(page, text, buttons))
        if not stands and not await self._pacer.may_end():
            await self._go_on_below()
        await self._write(text, buttons)

    async def _has_begun(self) -> bool:
        """Wait until there is enough to post, or a first text has waited long enough."""
        while not self._finishing and not self._text.strip():
            self._changed.clear()
            await self._changed.wait()
        try:
            async with asyncio.timeout(FIRST_WAIT):
                await self._enough.wait()
        except TimeoutError:
            pass
        return not self._finishing

    async def _may_edit(self, share: EditShare, gap: float) -> bool:
        """Wait for news and for the channel's next edit, at least `gap` seconds from now."""
        earliest = asyncio.get_running_loop().time() + gap
        while not self._finishing and not self._has_news():
            self._changed.clear()
            await self._changed.wait()
        return not self._finishing and await share.next_edit(earliest=earliest)

    def _has_news(self) -> bool:
        return self._cut(settled(self._text)).content not in ("", self._page.content)

    async def _show(self) -> bool:
        """Show the newest text; False when there is no use in going on."""
        async with self._writing:
            if self._finishing:
                return False
            try:
                await self._write(
                    settled(self._text), self._controls.buttons if self._controls else ()
                )
            except PermissionError as error:
                log.info("The reply cannot be shown: %s", error)
                return False
            except OSError as error:
                log.info("A step of the reply was not shown: %s", error)
        return not self._gone

    async def _write(self, text: str, buttons: Buttons) -> None:
        """Bring the current message up to the text, and begin further ones where it is full."""
        while not self._gone:
            page = self._cut(text)
            under = _under(page, text, buttons)
            if page.content and self._differs(page, under):
                await self._put(page, under)
            if not page.full:
                return
            self._turn(page)

    def _differs(self, page: Page, buttons: Buttons) -> bool:
        """Tell whether the current message does not show this page above these buttons."""
        pressable = self._controls is not None and buttons != self._buttons
        return pressable or page.content != self._page.content

    def _cut(self, text: str) -> Page:
        return cut_page(text, start=self._start, fence=self._fence)

    def _turn(self, page: Page) -> None:
        """Leave the current message as it is; what follows goes into a further one."""
        self._start, self._fence = page.end, page.fence
        self._page, self._current = _NOTHING, None
        self._unsure.clear()

    async def _go_on_below(self) -> None:
        """Leave the current message, which cannot be edited in time; one of no use is deleted."""
        page = await self._standing()
        if self._stale and self._current is not None:
            await self._delete(self._current)
        self._turn(page)

    async def _standing(self) -> Page:
        """Return what the current message shows: a failed edit may have been made all the same."""
        if self._current is None or not self._unsure:
            return self._page
        try:
            shown = (await self._channel.read(self._current)).strip()
        except (LookupError, OSError) as error:
            log.info("It is not known how much of the reply is shown: %s", error)
            return self._page
        made = [page for page in self._unsure if page.content.strip() == shown]
        self._stale = self._stale and not made
        return made[-1] if made else self._page

    async def _delete(self, message_id: int) -> None:
        self._posted.remove(message_id)
        try:
            await self._channel.delete(message_id)
        except (LookupError, OSError) as error:
            log.info("A message of a reply was not deleted: %s", error)

    async def _put(self, page: Page, buttons: Buttons) -> None:
        if self._current is None:
            await self._post(page.content, buttons)
        else:
            changed = None if buttons == self._buttons else self._with(buttons)
            self._unsure.append(page)
            try:
                await self._channel.edit(self._current, page.content, controls=changed)
            except LookupError:
                await self._post_again(page.content, buttons, instead_of=self._current)
        self._unsure.clear()
        self._page = page
        self._buttons = buttons
        self._stale = False
        if not self._shown and not self._gone:
            self._shown = True
            self._on_shown()

    async def _post_again(self, content: str, buttons: Buttons, *, instead_of: int) -> None:
        self._posted.remove(instead_of)
        self._current = None
        self._gone, self._reposted = self._reposted, True
        if not self._gone:
            await self._post(content, buttons)

    async def _post(self, content: str, buttons: Buttons) -> None:
        """Post a message; a further one replies to the one before if others come in between."""
        reply_to = self._reply_to
        if self._posted:
            before = self._posted[-1]
            alone = self._channel.is_last(before) and not self._pacer.has_others(self._share)
            reply_to = None if alone else before
        self._posting = True
        controls = self._with(buttons) if buttons else None
        self._current = await self._channel.send(content, reply_to=reply_to, controls=controls)
        self._posted.append(self._current)

    def _with(self, buttons: Buttons) -> ReplyControls | None:
        return replace(self._controls, buttons=buttons) if self._controls else None


def _under(page: Page, text: str, buttons: Buttons) -> Buttons:
    """Return the buttons under a page: none where there is more to show after it."""
    goes_on = page.full and bool(cut_page(text, start=page.end, fence=page.fence).content)
    return () if goes_on else buttons
