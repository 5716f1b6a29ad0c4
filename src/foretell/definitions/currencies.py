"""The currency codes of ISO 4217 that are in use (list of 2024, without metals and test codes)."""

from __future__ import annotations

from foretell.definitions.codes import listed

_LISTED = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD
    CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD
    GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT
    LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR
    NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP
    STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD
    XCG XOF XPF YER ZAR ZMW ZWG
"""
CURRENCIES = frozenset(_LISTED.split())


def currency_of(code: str) -> str:
    """The code itself; raises :class:`UsageError` where ISO 4217 has no such currency."""
    return listed(
        code,
        CURRENCIES,
        error="UNKNOWN_CURRENCY",
        message=f"there is no currency called {code!r}",
        next_step="Use an ISO 4217 code such as EUR, GBP or USD.",
    )
