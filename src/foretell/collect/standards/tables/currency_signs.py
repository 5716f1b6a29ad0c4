"""Signs and names of currencies, and which currency a sign that many share means in a region."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from babel import Locale
from babel.numbers import get_currency_name, get_territory_currencies

from foretell.collect.standards.tables.country_names import folded
from foretell.definitions import CURRENCIES

_LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "da", "nb", "fi", "cs")
_SIGNS = """
€ EUR; £ GBP! EGP LBP SYP FKP GIP SHP; ¥ JPY CNY; 円 JPY; 元 CNY; ₽ RUB; руб RUB; руб. RUB; ₹ INR
Rs INR PKR LKR NPR MUR; Rs. INR PKR LKR NPR MUR; ₩ KRW; ₺ TRY; TL TRY; ₴ UAH; грн UAH; ₫ VND; ₪ ILS
฿ THB; ₦ NGN; ₱ PHP; ₲ PYG; ₡ CRC; ₸ KZT; ₮ MNT; ₭ LAK; ₾ GEL; ₼ AZN; ₵ GHS; ៛ KHR; zł PLN; zl PLN
Kč CZK; Kc CZK; Ft HUF; лв BGN; лв. BGN; lei RON MDL; leu RON MDL; kr SEK NOK DKK ISK
kr. DKK SEK NOK ISK; Fr CHF; Fr. CHF; sFr CHF; sFr. CHF; SFr. CHF; R ZAR; R$ BRL; RM MYR; Rp IDR
$ USD CAD AUD NZD SGD HKD MXN ARS CLP COP TWD UYU BSD BBD BMD BZD FJD GYD JMD KYD LRD NAD SBD SRD TTD XCD
US$ USD; U$S USD; C$ CAD; CA$ CAD; Can$ CAD; A$ AUD; AU$ AUD; NZ$ NZD; S$ SGD; HK$ HKD; MX$ MXN; Mex$ MXN
NT$ TWD; S/ PEN; S/. PEN; RMB CNY; CN¥ CNY; JP¥ JPY; د.إ AED; ﷼ SAR IRR OMR QAR YER
"""


@cache
def _signs() -> dict[str, tuple[str, ...]]:
    """Sign → the currencies that write it, capitals counting (``r`` is no rand); ``!`` marks the one that is meant
    where nothing says which."""
    entries = (entry.split() for line in _SIGNS.strip().splitlines() for entry in line.split(";"))
    return {sign: tuple(codes) for sign, *codes in entries}


@cache
def _names() -> dict[str, tuple[str, ...]]:
    """Folded name → currencies, singular and plural."""
    found: dict[str, set[str]] = {}
    for language in _LANGUAGES:
        locale = Locale.parse(language)
        for code in CURRENCIES & set(locale.currencies):
            for count in (None, 1, 5):
                found.setdefault(folded(get_currency_name(code, count, locale)), set()).add(code)
    common = {
        "dollar": "USD CAD AUD NZD SGD HKD", "dollars": "USD CAD AUD NZD SGD HKD", "pound": "GBP! EGP LBP SYP",
        "pounds": "GBP! EGP LBP SYP", "pound sterling": "GBP", "sterling": "GBP", "yen": "JPY", "yuan": "CNY",
        "franken": "CHF", "francs suisses": "CHF", "kronor": "SEK", "kroner": "NOK DKK", "euros": "EUR",
        "us dollars": "USD",
    }  # fmt: skip
    usual = {name: tuple(codes.split()) for name, codes in common.items()}
    return {name: tuple(codes) for name, codes in found.items()} | usual


@cache
def _of_region(region: str) -> tuple[str, ...]:
    return tuple(get_territory_currencies(region)) if region else ()


def currency_code(text: str, region: str, currency: str) -> str | None:
    """The ISO 4217 code of a code, sign or name; None where there is none, or more than one.

    Args:
        region: of what several currencies share, that of this region is meant.
        currency: and else this one.
    """
    word = text.strip()
    if word.upper() in CURRENCIES:
        return word.upper()
    candidates = _signs().get(word) or _signs().get(word.lower()) or _names().get(folded(word), ())
    plain = [code.rstrip("!") for code in candidates]
    if len(plain) == 1:
        return plain[0]
    meant = next((code.rstrip("!") for code in candidates if code.endswith("!")), None)
    return _first(_of_region(region), plain) or _first([currency], plain) or meant


def _first(wanted: Iterable[str], candidates: Iterable[str]) -> str | None:
    return next((code for code in wanted if code in candidates), None)
