"""The page of explain in headless Chromium: it answers, fits a phone, and is quiet."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from minicvt import viz
from minicvt.viz.style import HEAT, ramp
from tests.interpret.explaining import image, small, written
from tests.interpret.relatives import image_of, tiny

pytestmark = pytest.mark.slow

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
CHOSEN = "queryAt(blockOf(models[0]), state.place)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Start the Chromium of this machine; Playwright's own is not needed."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(
            "THE PAGE OF EXPLAIN WAS NOT LOOKED AT: no Chromium here (looked for "
            f"{', '.join(NAMES)}); apt-get install chromium"
        )
    reason = "THE PAGE OF EXPLAIN WAS NOT LOOKED AT: pip install playwright"
    api = pytest.importorskip("playwright.sync_api", reason=reason)
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def address(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> str:
    """Write the page of the small CvT, or of the relative that a test asks for."""
    folder = tmp_path_factory.mktemp("browser")
    if (name := getattr(request, "param", None)) is None:
        return written(folder).as_uri()
    return written(folder, tiny(name), image_of(tiny(name))).as_uri()


@pytest.fixture
def opened(browser: Any, address: str) -> Iterator[Any]:
    """Return a function that opens the page; what it complains of fails the test."""
    complaints: list[str] = []
    contexts = []

    def visit(size: dict[str, int], **options: Any) -> Any:
        context = browser.new_context(viewport=size, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: wanted.append(request.url))
        page.goto(address)
        page.wait_for_selector(".answers li")
        return page

    wanted: list[str] = []
    yield visit
    for context in contexts:
        context.close()
    assert complaints == []
    assert {url for url in wanted if not url.startswith("data:")} == {address}


def settled(page: Any) -> None:
    """Wait until what was asked for is drawn."""
    page.evaluate(
        "new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"
    )


def overlay(page: Any, panel: int = 0) -> str:
    settled(page)
    canvas = f"document.querySelectorAll('.picture canvas')[{panel}]"
    return page.evaluate(f"{canvas}.toDataURL()")


def choose(page: Any, name: str, number: int) -> None:
    page.locator(f"#{name} input").nth(number).check(force=True)
    settled(page)


def point(page: Any, x: float, y: float) -> None:
    area = page.locator(".picture").first
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
    settled(page)


def test_the_script_s_weights_are_the_model_s(opened: Any) -> None:
    page, seen = opened(DESKTOP), viz.observed(small(), image())
    for stage, block, head, query in ((0, 0, 0, 77), (1, 1, 1, 30), (2, 1, 3, 0)):
        place = f"models[0].stages[{stage}].blocks[{block}]"
        row = page.evaluate(f"[...row({place}, {head}, {query})]")
        expected = seen.block(stage, block).weights[head, query]
        np.testing.assert_allclose(sum(row), 1)
        np.testing.assert_allclose(row, expected, atol=0.004)


def test_it_begins_with_the_class_token(opened: Any) -> None:
    page = opened(DESKTOP)
    assert page.locator(".special").get_attribute("aria-pressed") == "true"
    assert page.locator(".readout").text_content().startswith("The class token gives")
    assert page.locator(".panel").count() == 1
    assert "untrained" in page.locator(".panel h3").text_content()


def test_pointing_changes_the_map_and_leaving_brings_it_back(opened: Any) -> None:
    page = opened(DESKTOP)
    choose(page, "stage", 0)
    first = overlay(page)
    point(page, 0.2, 0.3)
    second = overlay(page)
    readout = page.locator(".readout").text_content()
    point(page, 0.9, 0.8)
    assert len({first, second, overlay(page)}) == 3
    assert readout.startswith("The token at row 4, column 4 gives ")
    page.mouse.move(0, 0)
    assert overlay(page) == first


def test_a_click_keeps_the_query_through_stages(opened: Any) -> None:
    page = opened(DESKTOP)
    choose(page, "stage", 0)
    point(page, 0.25, 0.75)
    page.mouse.down()
    page.mouse.up()
    page.mouse.move(0, 0)
    settled(page)
    assert "row 10, column 5 gives" in page.locator(".readout").text_content()
    choose(page, "stage", 1)
    assert "row 5, column 2 gives" in page.locator(".readout").text_content()
    call = page.locator(".call").text_content()
    assert call == "mc.viz.attention(model, image, stage=1, block=1, query=(5, 2))"


def test_the_keyboard_steers(opened: Any) -> None:
    page = opened(DESKTOP)
    page.locator(".picture").focus()
    page.keyboard.press("ArrowRight")
    settled(page)
    before = page.evaluate(CHOSEN)
    for key, change in (("ArrowRight", 1), ("ArrowDown", 11), ("ArrowLeft", -1)):
        page.keyboard.press(key)
        settled(page)
        after = page.evaluate(CHOSEN)
        assert after - before == change
        before = after
    assert page.evaluate("document.activeElement.className") == "picture"
    page.keyboard.press("c")
    settled(page)
    assert page.evaluate(CHOSEN) == 0


def test_stages_blocks_and_heads_switch(opened: Any) -> None:
    page, seen = opened(DESKTOP), viz.observed(small(), image())
    for stage, heads in enumerate((1, 2, 4)):
        choose(page, "stage", stage)
        keys = seen.block(stage).key_grid
        size = page.evaluate(
            "(({ width, height }) => [height, width])"
            "(document.querySelector('.picture canvas'))"
        )
        assert size == [keys.height, keys.width]
        assert page.locator(".heads input").count() == 1 + heads
        assert page.locator("#block input").count() == len(
            [a for a in seen.attention if a.path.startswith(f"stage{stage}.")]
        )
        assert page.locator(".special").is_visible() == (stage == 2)
    drawn = set()
    for head in range(5):
        page.locator(".heads input").nth(head).check(force=True)
        drawn.add(overlay(page))
    assert len(drawn) == 5
    choose(page, "block", 0)
    assert overlay(page) not in drawn


def test_the_heaviest_key_has_the_colour_at_the_end_of_the_bar(opened: Any) -> None:
    page, found = opened(DESKTOP), viz.observed(small(), image()).block(2, 1)
    rows = found.weights[:, 0, 1:]
    head, key = np.unravel_index(rows.argmax(), rows.shape)
    page.locator(".heads input").nth(1 + head).check(force=True)
    settled(page)
    y, x = divmod(int(key), found.key_grid.width)
    context = "document.querySelector('.picture canvas').getContext('2d')"
    colour = page.evaluate(f"[...{context}.getImageData({x}, {y}, 1, 1).data]")
    assert colour == [*ramp(HEAT)[255].tolist(), 255]
    assert float(page.locator(".high").first.text_content()) == pytest.approx(
        rows.max(), rel=0.06
    )


def test_an_untrained_model_comes_beside_it(opened: Any) -> None:
    page = opened(DESKTOP)
    choose(page, "beside", 2)
    assert page.locator(".panel").count() == 2
    boxes = [page.locator(".panel").nth(i).bounding_box() for i in range(2)]
    assert boxes[0]["y"] == boxes[1]["y"]
    assert page.locator(".panel h3").nth(1).text_content() == "seed 2untrained"
    ends = {page.locator(".panel .high").nth(i).text_content() for i in range(2)}
    assert len(ends) == 1
    assert overlay(page, 0) != overlay(page, 1)
    assert page.locator("#maps .strip").count() == 6
    choose(page, "beside", 0)
    assert page.locator(".panel").count() == 1


@pytest.mark.parametrize("beside", [0, 1])
def test_a_phone_needs_no_scrolling_sideways(opened: Any, beside: int) -> None:
    page = opened(PHONE, has_touch=True, is_mobile=True)
    choose(page, "beside", beside)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    before = overlay(page)
    area = page.locator(".picture").first
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 5, box["y"] + box["height"] / 5)
    assert overlay(page) != before
    assert (
        "The token at row 1, column 2" in page.locator(".readout").first.text_content()
    )


def test_light_and_dark_follow_the_reader(opened: Any) -> None:
    grounds = {
        opened(DESKTOP, color_scheme=scheme).evaluate(
            "getComputedStyle(document.body).backgroundColor"
        )
        for scheme in ("light", "dark")
    }
    assert len(grounds) == 2


def test_everything_to_choose_has_a_name(opened: Any) -> None:
    page = opened(DESKTOP)
    assert page.get_by_role("radiogroup").count() == 5
    for name in ("Stage", "Block", "Head"):
        assert page.get_by_role("radiogroup", name=name, exact=True).count() == 1
    assert page.get_by_role("slider", name="Opacity of the weights").count() == 1
    unnamed = page.evaluate(
        "[...document.querySelectorAll('input, button')].filter((one) => !("
        "one.ariaLabel || one.textContent.trim() || one.labels[0].textContent.trim()"
        ")).length"
    )
    assert unnamed == 0


@pytest.mark.parametrize("address", ["deit, distilled"], indirect=True)
def test_both_special_tokens_can_ask(opened: Any) -> None:
    page = opened(DESKTOP)
    buttons = page.locator(".special")
    assert buttons.count() == 2
    assert buttons.nth(0).text_content().startswith("class token, which asks, gets")
    buttons.nth(1).click()
    settled(page)
    assert page.evaluate(CHOSEN) == 1
    assert page.locator(".readout").text_content().startswith("The distillation token")
    assert page.locator(".call").text_content().endswith("block=2, query=1)")
    page.locator(".picture").focus()
    for expected in (0, 1, 0):
        page.keyboard.press("c")
        settled(page)
        assert page.evaluate(CHOSEN) == expected
    assert "again for the distillation token" in page.locator("#help").inner_text()


@pytest.mark.parametrize("address", ["cmt"], indirect=True)
def test_without_a_class_token_the_middle_asks(opened: Any) -> None:
    page = opened(DESKTOP)
    assert page.locator(".special").count() == 0
    assert page.locator(".readout").text_content().startswith("The token at row 0,")
    assert page.locator("#help").inner_text().endswith("arrow keys on the picture.")
    assert page.locator("#stage input").count() == 4
    assert not page.locator("rect.line.window").first.is_visible()
    choose(page, "stage", 0)
    assert page.locator("rect.line.window").first.is_visible()


@pytest.mark.parametrize("address", ["pvt"], indirect=True)
def test_the_dashed_frame_is_a_reduction_s_square(opened: Any) -> None:
    """8 x 8 of 16 x 24 tokens."""
    page = opened(DESKTOP)
    choose(page, "stage", 0)
    frame = page.locator("rect.line.window").first
    sides = [float(frame.get_attribute(name)) for name in ("width", "height")]
    np.testing.assert_allclose(sides, [8 / 24, 8 / 16])
