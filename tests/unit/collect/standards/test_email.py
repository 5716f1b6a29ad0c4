from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretell.collect.standards import StandardContext, standard
from foretell.collect.standards.email import normal_address
from foretell.collect.standards.tables.usual_addresses import usual
from tests.unit.collect.standards.reading import check, read

GOOD = {
    "ann@example.com": "ann@example.com",
    "ANN@EXAMPLE.COM": "ann@example.com",
    "Ann.Lee@Example.co.uk": "ann.lee@example.co.uk",
    "  ann@example.com\t": "ann@example.com",
    "\ufeffann@example.com": "ann@example.com",
    "ann@exam\u200bple.com": "ann@example.com",
    "ann@example.com\u00a0": "ann@example.com",
    "mailto:ann@example.com": "ann@example.com",
    "MAILTO:Ann@Example.com?subject=Hello&body=x": "ann@example.com",
    "mailto:ann%2Bshop@example.com": "ann+shop@example.com",
    "Ann Lee <ann@example.com>": "ann@example.com",
    '"Lee, Ann" <Ann@Example.com>': "ann@example.com",
    "<ann@example.com>": "ann@example.com",
    "Ann <mailto:ann@example.com>": "ann@example.com",
    "Lee, Ann <ann@example.com>;": "ann@example.com",
    "ann@example.com;": "ann@example.com",
    "ann@example.com,": "ann@example.com",
    "ann+news@example.com": "ann+news@example.com",
    "o'neil@example.com": "o'neil@example.com",
    "ann_lee-1@sub.domain.example.org": "ann_lee-1@sub.domain.example.org",
    "ann@bücher.example.de": "ann@xn--bcher-kva.example.de",
    "ann@BÜCHER.de": "ann@xn--bcher-kva.de",
    "ann@xn--bcher-kva.de": "ann@xn--bcher-kva.de",
    "ann@straße.de": "ann@xn--strae-oqa.de",
    "ann@ｅｘａｍｐｌｅ.com": "ann@example.com",
    "JÜRGEN@example.de": "jürgen@example.de",
    "Ju\u0308rgen@example.de": "jürgen@example.de",
    "用户@例子.中国": "用户@xn--fsqu00a.xn--fiqs8s",
    "1@2.de": "1@2.de",
    "a" * 64 + "@example.com": "a" * 64 + "@example.com",
}
BAD = [
    "ann", "ann@", "@example.com", "ann@example", "ann@@example.com", "ann example.com", "ann@exam ple.com",
    "ann..lee@example.com", ".ann@example.com", "ann.@example.com", "ann@-example.com", "ann@example-.com",
    "ann@example..com", "ann@.com", "ann@example.com.", "ann@192.168.0.1", "ann@[192.168.0.1]", "ann@localhost",
    "ann@mail.local", "ann@company.invalid", '"ann lee"@example.com', "ann@example.com bob@example.com",
    "ann@example.com, bob@example.com", "a" * 65 + "@example.com", "ann@" + "a" * 64 + ".com",
    "ann@" + "abcdefg." * 40 + "com", "n/a", "none", "ann(at)example.com", "ann@exa_mple.com",
    "<ann@example.com", "ann@example.c", "javascript:alert(1)@", "ann\x00@", "💌",
]  # fmt: skip


def test_addresses_as_people_write_them() -> None:
    check("email", GOOD)


def test_what_is_no_address() -> None:
    found = dict(zip(BAD, read("email", list(BAD)), strict=True))
    assert {value for value, normal in found.items() if normal is not None} == {"ann@example.c"}


def test_no_look_up_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise AssertionError("somebody asked the network")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    assert read("email", ["ann@no-such-host-anywhere-at-all.de"]) == ["ann@no-such-host-anywhere-at-all.de"]


PARTS = st.text("ab9_+-", min_size=1, max_size=5)
LABELS = st.lists(st.text("az0", min_size=1, max_size=4), min_size=1, max_size=3).map("-".join)
ENDS = st.sampled_from(["com", "org", "de", "uk", "museum", "example", "test", "local", "notlocal", "c0m", "xn--p1ai"])


@given(st.lists(PARTS, min_size=1, max_size=4), st.lists(LABELS, min_size=1, max_size=4), ENDS)
@settings(max_examples=200, deadline=None)
def test_what_no_library_looks_at_is_what_the_library_says(local: list[str], domain: list[str], end: str) -> None:
    address = f"{'.'.join(local)}@{'.'.join([*domain, end])}"
    if usual(pa.array([address]))[0].as_py():
        assert normal_address(address) == address
    else:
        assert normal_address(address) in (address, None)
        assert len(address) > 64 or end in ("test", "local", "c0m", "xn--p1ai")


def test_usual_addresses_are_passed_through_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("foretell.collect.standards.email.normal_address", lambda _text: None)
    values = pa.array([" Ann@Example.com", None, "ann@büro.de", "\u0130nci@example.com", "ann@mail.local"])
    found = standard("email").apply(values, StandardContext())
    assert found.text.to_pylist() == ["ann@example.com", None, None, None, None]
    assert found.ok.to_pylist() == [True, True, False, False, False]
