"""What people call the records of `shop`, its steps and its values."""

from __future__ import annotations

from decimal import Decimal

from include.report.page import NONE
from include.report.shop.model import Product
from include.report.text import Nouns, isolated, one_line

NOUNS = Nouns(record="record", event="event")
LONGEST_LABEL = 40
_SHOWN_FIRST, _SHOWN_LAST = 8, 4


def in_words(name: str) -> str:
    """Return a name of the contract as people write it.

    >>> in_words("ADD_TO_CART"), in_words("gold")
    ('Add to cart', 'Gold')
    """
    return name.replace("_", " ").capitalize()


def money(amount: Decimal | float | None, currency: str | None) -> str:
    """Return an amount with its currency, if it has one.

    >>> money(Decimal("1234.5"), "EUR"), money(Decimal(2), None)
    ('1,234.50 EUR', '2.00')
    """
    if amount is None:
        return NONE
    return f"{amount:,.2f} {currency}" if currency else f"{amount:,.2f}"


def short_id(found: str) -> str:
    """Return the ends of an id, by which people tell it from others.

    >>> short_id("6f1c2a9e-0000-4000-8000-00000000abcd"), short_id("ann")
    ('6f1c2a9e…abcd', 'ann')
    """
    if len(found) <= _SHOWN_FIRST + _SHOWN_LAST:
        return found
    return f"{found[:_SHOWN_FIRST]}…{found[-_SHOWN_LAST:]}"


def product_name(product: Product) -> str:
    """Return what a product is called, or the ends of its id."""
    return isolated(one_line(product.name, LONGEST_LABEL)) if product.name else short_id(product.product_id)
