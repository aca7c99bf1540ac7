import asyncio

import pytest

from tests.sandbox.page.visitor import Visitor

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.e2e]

OUT = 'target="_blank" rel="noopener noreferrer"'

CASES = {
    "**bold** *it* _it_ __under__ ~~gone~~": "<strong>bold</strong> <em>it</em> <em>it</em> "
    "<u>under</u> <s>gone</s>",
    "***both*** **a *b* c**": "<strong><em>both</em></strong> <strong>a <em>b</em> c</strong>",
    "2 * 3 * 4 and snake_case_name": "2 * 3 * 4 and snake_case_name",
    r"\*not\* bold": "*not* bold",
    "`a **b** <i>`": "<code>a **b** &lt;i&gt;</code>",
    "# Big\ntext": "<h4>Big</h4>text",
    "-# small": '<small class="subtext">small</small>',
    "one\ntwo": "one<br>two",
    "> a\n> b\nc": "<blockquote>a<br>b</blockquote>c",
    "- a\n- b\n  - c\n\nd": "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>d",
    "3. a\n4. b": '<ol start="3"><li>a</li><li>b</li></ol>',
    "```py\nx = 1\n```\nend": '<pre tabindex="0" aria-label="Code, py"><code>x = 1</code></pre>end',
    "```open": "```open",
    "see https://a.org/b.": f'see <a href="https://a.org/b" title="https://a.org/b" {OUT}>'
    "https://a.org/b</a>.",
    "[t](https://a.org)": f'<a href="https://a.org" title="https://a.org" {OUT}>t</a>',
    "[t](javascript:1)": "[t](javascript:1)",
    "<@1> <@2> <#3>": '<span class="mention own">@ana</span> <span class="mention">@unknown-user'
    '</span> <span class="mention">#general</span>',
    "<:wave:123> <a:dance:4>": '<span class="emoji-name" title=":wave:">:wave:</span> '
    '<span class="emoji-name" title=":dance:">:dance:</span>',
    "<b>&amp;": "&lt;b&gt;&amp;amp;",
}


async def test_discords_markdown_is_shown(visitor: Visitor) -> None:
    shown = {text: await visitor.rendered(text) for text in CASES}
    assert shown == CASES


async def test_spoilers_and_moments_are_shown(visitor: Visitor) -> None:
    html = await visitor.rendered("||the butler||")
    assert 'class="spoiler" role="button" tabindex="0"' in html
    assert "<span>the butler</span>" in html
    assert 'datetime="1970-01-01T00:01:00.000Z"' in await visitor.rendered("<t:60:F>")
    assert "ago" in await visitor.rendered("<t:60:R>")


async def test_no_text_keeps_the_page_busy(visitor: Visitor) -> None:
    for piece in ("*a ", "**a ", "[a](", "||", "`", "` ``", "> ", "- ", "__a", "<@1>", "_", "***"):
        async with asyncio.timeout(10):
            assert await visitor.rendered(piece * (7900 // len(piece)))
