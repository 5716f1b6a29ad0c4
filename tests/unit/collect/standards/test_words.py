from __future__ import annotations

import pytest

from tests.unit.collect.standards.reading import check, read


def test_names_in_one_case_are_repaired() -> None:
    check(
        "name",
        {
            "ANN LEE": "Ann Lee",
            "ann lee": "Ann Lee",
            "  ANN\u00a0 LEE ": "Ann Lee",
            "RONALD MCDONALD": "Ronald McDonald",
            "flora macdonald": "Flora MacDonald",
            "EMMANUEL MACRON": "Emmanuel Macron",
            "joaquim machado": "Joaquim Machado",
            "VINCENT VAN GOGH": "Vincent van Gogh",
            "otto von bismarck": "Otto von Bismarck",
            "JAN VAN DER BERG": "Jan van der Berg",
            "van der berg": "Van der Berg",
            "MARIA DE LA CRUZ": "Maria de la Cruz",
            "LUIZ INÁCIO LULA DA SILVA": "Luiz Inácio Lula da Silva",
            "SHAQUILLE O'NEAL": "Shaquille O'Neal",
            "o’neil": "O’Neil",
            "gabriele d'annunzio": "Gabriele D'Annunzio",
            "MARIE-CLAIRE DUPONT": "Marie-Claire Dupont",
            "sinéad o'connor-smith": "Sinéad O'Connor-Smith",
            "JÜRGEN GROẞ": "Jürgen Groß",
            "ΓΙΩΡΓΟΣ": "Γιωργος",
            "ИВАН ПЕТРОВ": "Иван Петров",
            "DR. ANN LEE": "Dr. Ann Lee",
            "JOHN SMITH III": "John Smith III",
            "j. r. r. tolkien": "J. R. R. Tolkien",
            "J.R.R. TOLKIEN": "J.R.R. Tolkien",
            "MARTIN LUTHER KING JR.": "Martin Luther King Jr.",
            "ABD AL RAHMAN": "Abd al Rahman",
        },
    )


def test_names_in_mixed_case_are_left_as_they_are() -> None:
    kept = [
        "McDonald",
        "van der Berg",
        "O'Neil",
        "de la Cruz",
        "MacLeod",
        "Van Gogh",
        "bell Hooks",
        "DeShawn",
        "LaToya Jackson",
        "Ann LEE",
        "d'Artagnan Du Bois",
        "李小龙",
        "محمد علي",
        "JP",
        "DJ",
        "X",
    ]
    check("name", {name: name for name in kept})


def test_what_is_no_name() -> None:
    check(
        "name",
        dict.fromkeys(
            ["ann@example.com", "12345", "http://a.example", "<b>Ann</b>", "???", "A" * 201, "{{name}}"], None
        ),
    )


def test_letters_of_the_region() -> None:
    assert read("name", ["IŞIL YILMAZ", "ilker"], home="TR") == ["Işıl Yılmaz", "İlker"]
    assert read("name", ["IJSBRAND VAN DIJK"], home="NL") == ["IJsbrand van Dijk"]
    assert read("name", ["IJSBRAND VAN DIJK"], home="DE") == ["Ijsbrand van Dijk"]
    assert read("name", ["NGUYEN VAN AN"], home="VN") == ["Nguyen Van An"]


def test_text() -> None:
    check(
        "text",
        {
            "a  b": "a b",
            " a\t\r\nb ": "a b",
            "Cafe\u0301": "Café",
            "\u212bngstro\u0308m": "Ångström",
            "a\u200bb": "ab",
            "\ufeffa": "a",
            "a\x00b\x07": "ab",
            "soft\u00adhyphen": "softhyphen",
            "\u202eevil\u202c": "evil",
            "a\u3000b": "a b",
            "x\u2028y": "x y",
            "a\x85b": "a b",
            "ﬁ": "ﬁ",
            "½": "½",
            "a\u200db": "ab",
        },
    )
    joined = ["👩‍👩‍👧", "می‌خواهم", "क्‍ष", "❤️"]
    check("text", {text: text for text in joined})
    assert read("text", [" a  b \n\n c\r\n"], lines=True) == ["a b\n\nc"]
    assert read("text", ["Straße İ"], case="lower") == ["straße i̇"]
    assert read("text", ["Straße"], case="upper") == ["STRASSE"]
    assert read("text", ["abc", "abcd", "ab  ", None], longest=3) == ["abc", None, None, None]


@pytest.mark.parametrize(
    ("word", "normal"),
    [
        *(
            (word, "true")
            for word in (
                "true",
                "TRUE",
                " Yes ",
                "y",
                "1",
                "1.0",
                "on",
                "ja",
                "J",
                "oui",
                "Sí",
                "si",
                "sì",
                "sim",
                "tak",
                "Да",
                "ДА",
                "evet",
                "ano",
                "igen",
                "kyllä",
                "はい",
                "是",
                "نعم",
                "wahr",
                "vrai",
                "✓",
                "t",
            )
        ),
        *(
            (word, "false")
            for word in (
                "false",
                "False",
                "NO",
                "n",
                "0",
                "0.0",
                "off",
                "nein",
                "non",
                "não",
                "nie",
                "нет",
                "hayır",
                "HAYIR",
                "nee",
                "nej",
                "ne",
                "nem",
                "ei",
                "いいえ",
                "否",
                "لا",
                "falsch",
                "faux",
                "f",
            )
        ),
        *((word, None) for word in ("maybe", "2", "-1", "null", "n/a", "yes no", "truee", "?", "10")),
    ],
)
def test_yes_and_no(word: str, normal: str | None) -> None:
    assert read("boolean", [word]) == [normal]


def test_words_of_ones_own_win() -> None:
    table = {"Opt-In": "true", "no": "true", "gone": "false", "true": "true"}
    check("boolean", table, true=["opt-in", "NO"], false=["Gone", "true"])


def test_addresses_of_the_web() -> None:
    check(
        "url",
        {
            "https://example.com": "https://example.com/",
            "HTTP://EXAMPLE.COM/A": "http://example.com/A",
            "example.com": "https://example.com/",
            "www.example.com/a?b=c": "https://www.example.com/a?b=c",
            "//cdn.example.com/x": "https://cdn.example.com/x",
            "https://example.com:443/": "https://example.com/",
            "http://example.com:80": "http://example.com/",
            "http://example.com:8080/x": "http://example.com:8080/x",
            "https://bücher.de/straße": "https://xn--bcher-kva.de/stra%C3%9Fe",
            "https://example.com/a/./b/../c": "https://example.com/a/c",
            "https://example.com/%7eann/%c3%a9": "https://example.com/~ann/%C3%A9",
            "https://example.com/a%2fb": "https://example.com/a%2Fb",
            "https://example.com/100%": "https://example.com/100%25",
            "https://example.com/?": "https://example.com/",
            "https://example.com/?a=1&&b": "https://example.com/?a=1&b",
            "https://example.com/?q=a b": "https://example.com/?q=a%20b",
            "https://example.com/#": "https://example.com/",
            "http://localhost:8080/x": "http://localhost:8080/x",
            "http://192.168.0.1/": "http://192.168.0.1/",
            "http://[2001:DB8::1]:8080/": "http://[2001:db8::1]:8080/",
            "https://example.com/a?x=1#frag": "https://example.com/a?x=1#frag",
            "https://my_shop.example.com/": "https://my_shop.example.com/",
            "https://EXAMPLE.com./": "https://example.com./",
        },
    )
    bad = [
        "javascript:alert(1)",
        "ftp://example.com/",
        "mailto:ann@example.com",
        "https://",
        "https:///x",
        "https://user:secret@example.com/",
        "https://exa mple.com/",
        "https://example.com:99999/",
        "https://-example.com/",
        "just words",
        "shoes",
        "https://[::1",
        "data:text/html,x",
        "https://example..com/",
        "https://" + "a" * 64 + ".com/",
        "/path/only",
        "C:\\file.txt",
        "https://exam\u2025ple.com",
    ]
    check("url", dict.fromkeys(bad, None))


def test_parts_of_addresses_that_may_be_dropped() -> None:
    url = "https://example.com/p?id=7&utm_source=mail&UTM_Campaign=x&gclid=1&fbclid=2&ref=ann&_ga=3#reviews"
    assert read("url", [url], drop_tracking=True) == ["https://example.com/p?id=7&ref=ann#reviews"]
    assert read("url", [url], drop_query=True) == ["https://example.com/p#reviews"]
    assert read("url", [url], drop_query=True, drop_fragment=True) == ["https://example.com/p"]
    assert read("url", ["https://example.com/?utm%5Fsource=x"], drop_tracking=True) == ["https://example.com/"]
