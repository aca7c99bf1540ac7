"""What people write that must never be kept: secrets, by their names and their looks."""

import re
from typing import Final

_NAMES: Final = r"""
    pass\ ?(?:word|wort|phrase|code)s? | kennwort | wachtwoord | mot\ de\ passe | contrase(?:ñ|n)a
    | senha | parola\ d'ordine | has[łl]o | пароль | 密码 | 密碼 | パスワード | 비밀번호
    | pin | cvv | cvc | otp | 2fa | tan | ssn | iban | api[\ _-]?keys? | tokens?
    | (?:secret|private|access|ssh|recovery|license)[\ _-]?(?:keys?|codes?|phrase) | seed\ phrase
    | social\ security | (?:credit|debit)\ ?card | kreditkarte | carte\ (?:bleue|de\ crédit)
    | tarjeta\ de\ (?:crédito|débito) | cart[ãa]o\ de\ crédito | carta\ di\ credito
    | bank\ ?account | bankkonto | kontonummer | passport\ number | reisepass
"""

_LOOKS: Final = r"""
    (?:\d[\ .\-/]?){9,}                                        # cards, accounts, telephones
    | \b[A-Z]{2}\d{2}(?:\ ?[A-Z0-9]{4}){3,}                    # IBAN
    | \b(?:sk|pk|gh[opsu]|xox[abp]|AKIA|eyJ)[-_A-Za-z0-9]{8,}  # keys of well-known services
    # a long run of letters and digits, looked at from its beginning alone: for time's sake
    | (?<![\w.+/=-])(?=[\w.+/=-]*\d)(?=[\w.+/=-]*[A-Za-z])[\w.+/=-]{20,}
    | -----BEGIN | ://[^\s/@:]*:[^\s/@]+@
"""

_NAMED: Final = re.compile(rf"(?<!\w)(?:{_NAMES})(?!\w)|密码|密碼|パスワード", re.I | re.X)
_SHAPED: Final = re.compile(_LOOKS, re.X)


def holds_secret(text: str) -> bool:
    """Tell whether a text names a kind of secret, or holds something that looks like one."""
    return bool(_NAMED.search(text) or _SHAPED.search(text))
