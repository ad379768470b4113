"""The HTML report in a real browser."""

import http.server
import json
import sys
import threading
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "matrix"))
from devtools import Browser, binary
from sample_results import matrix, report

from envmgr.matrix import spelling
from envmgr.matrix.comparing import compare
from envmgr.matrix.reports import html

pytestmark = pytest.mark.skipif(binary() is None, reason="there is no Chromium: apt-get install chromium")
SHOWN = "[...document.querySelectorAll('table.cells tbody tr')].filter(row => row.offsetParent !== null)"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    from dataclasses import replace

    place = tmp_path_factory.mktemp("page")
    found = report()
    spelling.write_file(place / "old.json", matrix(), found.results[1:])
    older = spelling.read_file(place / "old.json")
    found = replace(found, comparison=compare(found.results, found.ratios, older, "old.json"))
    few = [found.results[number] for number in (0, 1, 8)]
    sparse = replace(report(few), matrix="other")
    (place / "page.html").write_text(html.render([found, sparse]))
    return (place / "page.html").as_uri()


@pytest.fixture
def page(browser, address):
    browser.open("about:blank")
    browser.open(address)
    yield browser
    assert browser.complaints == []
    assert browser.requests in ([], [address]), "something left the page"


def shown(page, what="row.id"):
    return page.run(f"{SHOWN}.map(row => {what})")


def choose(page, axis, value):
    page.run(
        f"(() => {{ const s = document.querySelector(`select[data-axis={json.dumps(axis)}]`); s.value = {json.dumps(value)};"
        " s.dispatchEvent(new Event('input', {bubbles: true})) })()"
    )


def test_it_renders(page):
    assert page.run("document.title") == "Compatibility · numpy · other"
    assert len(shown(page)) == 18
    assert page.run("document.querySelectorAll('#m1 table.heat').length") == 2
    assert page.run("document.querySelector('#m1 .heat td.red').innerText") == "F"
    assert page.run("document.documentElement.scrollWidth <= innerWidth")


def test_what_a_log_says_is_text(page):
    """No script of a log runs, none of its pictures is fetched."""
    log = "document.querySelector('#m1c3 pre.log')"
    assert "<script>document.title = 'taken'</script>" in page.run(f"{log}.textContent")
    assert page.run(f"{log}.children.length") == 0
    assert page.run("document.images.length") == 0
    assert page.run("document.scripts.length") == 1


def test_a_script_that_got_in_would_not_run(page, tmp_path, address):
    """Even if something were not escaped, the page's own policy stands before it."""
    page.open("about:blank")
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    whole = Path(address.removeprefix("file://")).read_text()
    broken = tmp_path / "broken.html"
    bad = "<script>document.title = 'taken'</script><img src=x onerror=\"document.title='taken'\">"
    bad += f"<style>body {{ display: none }}</style><img src=http://127.0.0.1:{server.server_port}/x>"
    broken.write_text(whole.replace("<main>", f"<main>{bad}"))
    page.open(broken.as_uri())
    assert page.run("document.title") == "Compatibility · numpy · other"
    assert page.run("getComputedStyle(document.body).display") == "block"
    server.shutdown()
    server.server_close()
    assert asked == []
    page._events.clear()


def test_filters_hide_rows(page):
    choose(page, "numpy", "2.0")
    assert shown(page, "row.cells[1].textContent")[:6] == ["2.0"] * 6
    assert len(shown(page)) == 6 + 3, "the other matrix has its own filters"
    choose(page, " outcome", " red")
    assert shown(page)[:2] == ["m1c7", "m2c1"]
    assert page.run("document.querySelector('#m1 output').textContent") == "1 of 15 cells"
    page.click("#m1 button[type=reset]")
    page.run("new Promise(done => setTimeout(done))")
    assert len(shown(page)) == 18


def test_words_are_found_in_logs_too(page):
    page.click("#m1 input[type=search]")
    page.type("importerror NR12x")
    assert shown(page)[0] == "m1c13"
    assert len(shown(page)) == 1 + 3


def test_a_log_opens(page):
    visible = "document.querySelector('#m1c3 pre.log').checkVisibility()"
    assert not page.run(visible)
    page.click("#m1c3 summary")
    assert page.run(visible)


def test_a_square_leads_to_its_row(page):
    choose(page, "python", "3.11")
    page.click("#m1 .heat td.red a")
    page.run("new Promise(done => setTimeout(done, 50))")
    assert page.run("location.hash") == "#m1c3"
    assert page.run("document.querySelector('#m1c3 details').open")
    assert "m1c3" in shown(page), "a row that a filter hides is shown"
    assert page.run("document.activeElement.id") == "m1c3"


def test_a_square_of_several_cells_leads_to_all_of_them(page):
    assert page.run("document.querySelector('#m2 .heat a').textContent") == "~ 1/2"
    page.click("#m2 .heat a")
    page.run("new Promise(done => setTimeout(done))")
    assert shown(page)[15:] == ["m2c1", "m2c2"]
    assert page.run("document.querySelector('#m2 output').textContent") == "2 of 3 cells"


def test_columns_are_sorted_both_ways(page):
    page.click("#m1 table.cells th:nth-child(2) button")
    up = shown(page, "row.cells[1].textContent")[:15]
    page.click("#m1 table.cells th:nth-child(2) button")
    down = shown(page, "row.cells[1].textContent")[:15]
    assert (up[0], up[-1], down[0], down[-1]) == ("1.26", "latest", "latest", "1.26")
    assert page.run("document.querySelector('#m1 th[aria-sort]').getAttribute('aria-sort')") == "descending"


def test_the_keyboard_is_enough(page):
    page.run("document.querySelector('#m1 .heat td.red a').focus()")
    page.press("Enter", 13)
    page.ask("Input.dispatchKeyEvent", type="char", text="\r")
    page.run("new Promise(done => setTimeout(done, 50))")
    assert page.run("document.activeElement.id") == "m1c3"
    page.press("Tab", 9)
    assert page.run("document.activeElement.tagName") == "SUMMARY"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_letters_stand_out_in_either_light(page, scheme):
    """WCAG's contrast of text, 4.5 at least, for all that has a colour."""
    page.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    contrasts = page.run("""[...document.querySelectorAll('#m1 .heat td:not(.none) *, .legend b, .changes b, body, .counts, a')].map(e => {
      const numbers = c => c.match(/[\\d.]+/g).map(Number);
      const light = c => numbers(c).slice(0, 3).map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
      let under = e;
      while (numbers(getComputedStyle(under).backgroundColor)[3] === 0) under = under.parentElement;
      const [a, b] = [light(getComputedStyle(e).color), light(getComputedStyle(under).backgroundColor)].sort((x, y) => y - x);
      return [(a + .05) / (b + .05), e.outerHTML.slice(0, 80)];
    })""")
    assert min(contrasts) > [4.5], min(contrasts)
    page.ask("Emulation.setEmulatedMedia", features=[])


def test_it_prints_without_what_only_a_screen_has(page):
    page.ask("Emulation.setEmulatedMedia", media="print")
    assert page.run("getComputedStyle(document.querySelector('.filters')).display") == "none"
    page.ask("Emulation.setEmulatedMedia", media="")


def test_it_reads_without_scripts(browser, address):
    browser.ask("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(address)
    browser.ask("Emulation.setScriptExecutionDisabled", value=False)
    assert browser.run("document.querySelector('form.filters').hidden")
    assert len(browser.run(f"{SHOWN}.map(row => row.id)")) == 18


def test_a_request_would_be_seen(browser, tmp_path):
    """What the others rely on."""
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    asked = threading.Thread(target=server.handle_request)
    asked.start()
    leaking = tmp_path / "leaking.html"
    leaking.write_text(f"<img src=http://127.0.0.1:{server.server_port}/x>")
    browser.open(leaking.as_uri())
    asked.join(60)
    server.server_close()
    assert browser.requests[-1].endswith("/x")
