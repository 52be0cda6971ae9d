"""The currencies of ISO 4217, and the signs by which people write them."""

_CODES = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF
    CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD
    HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD
    LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK
    PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS
    TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
_WITHOUT_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
CODES = frozenset(_CODES.split())
WITHOUT_DECIMALS = frozenset(_WITHOUT_DECIMALS.split())

# A sign that several currencies share stands for the one that most prices are in; the others keep their own letters.
# "kr" stands for none of its currencies in particular.
SIGNS = {
    "US$": "USD",
    "CA$": "CAD",
    "C$": "CAD",
    "A$": "AUD",
    "AU$": "AUD",
    "NZ$": "NZD",
    "HK$": "HKD",
    "S$": "SGD",
    "R$": "BRL",
    "MX$": "MXN",
    "NT$": "TWD",
    "$": "USD",
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
    "₹": "INR",
    "₩": "KRW",
    "₽": "RUB",
    "₺": "TRY",
    "₪": "ILS",
    "₫": "VND",
    "₴": "UAH",
    "฿": "THB",
    "zł": "PLN",
    "Kč": "CZK",
    "Ft": "HUF",
    "lei": "RON",
    "SFr.": "CHF",
    "Fr.": "CHF",
    "Rs": "INR",
    "Rs.": "INR",
    "dollar": "USD",
    "dollars": "USD",
    "euro": "EUR",
    "euros": "EUR",
    "pound": "GBP",
    "pounds": "GBP",
    "yen": "JPY",
    "yuan": "CNY",
    "RMB": "CNY",
    "rupee": "INR",
    "rupees": "INR",
    "won": "KRW",
    "kr": "",
    "kr.": "",
    "krona": "",
    "kronor": "",
    "kroner": "",
}
# The currencies that people write with a bare sign, or with a word, that another one has too.
_DOLLARS = frozenset(["USD", "CAD", "AUD", "NZD", "HKD", "SGD", "MXN", "TWD", "ARS", "CLP", "COP"])
_CROWNS = frozenset(["SEK", "NOK", "DKK", "ISK"])
_RUPEES = frozenset(["INR", "PKR", "LKR", "NPR", "MUR", "SCR"])
SHARED_SIGNS = {
    **dict.fromkeys(("$", "dollar", "dollars"), _DOLLARS),
    **dict.fromkeys(("kr", "kr.", "krona", "kronor", "kroner"), _CROWNS),
    **dict.fromkeys(("Rs", "Rs.", "rupee", "rupees"), _RUPEES),
    "¥": frozenset(("JPY", "CNY")),
}
