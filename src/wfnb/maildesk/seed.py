"""The demo desk: two clients, their contacts, one configured source of mail and one that nobody has configured."""

from __future__ import annotations

import json

from wfnb.maildesk.desk_file import DeskFile

__all__ = ["DEMO_PROVIDER", "UNCONFIGURED_PROVIDER", "seed"]

DEMO_PROVIDER = "demo-imap"
UNCONFIGURED_PROVIDER = "unconfigured"

_CLIENTS = (("client-juniper", "Juniper Bakery"), ("client-harbour", "Harbour Books"))
_CONTACTS = (
    (
        "contact-mara",
        "client-juniper",
        "Mara Lindqvist",
        "mara@juniper.example.com",
        "+1 555 0101",
        "Owner",
        0,
    ),
    ("contact-tomas", "client-juniper", "Tomás Rey", "tomas@juniper.example.com", None, "Baker", 0),
    ("contact-oleg", "client-juniper", "Oleg Hart", "oleg@juniper.example.com", None, "Night shift", 1),
    ("contact-ines", "client-harbour", "Inès Caron", "ines@harbour.example.com", "+1 555 0202", "Manager", 0),
    ("contact-kenji", "client-harbour", "Kenji Mori", "kenji@harbour.example.com", None, "Buyer", 0),
    ("contact-ruth", "client-harbour", "Ruth Vogel", "ruth@harbour.example.com", None, "Accounts", 0),
)
_CHOICES = (
    ("board-support", "board", "Support", None),
    ("status-new", "status", "New", None),
    ("status-closed", "status", "Closed", None),
    ("priority-normal", "priority", "Normal", None),
    ("priority-high", "priority", "High", None),
    ("category-email", "category", "E-mail", None),
    ("category-email-general", "category", "General", "category-email"),
    ("location-main-street", "location", "Main Street", None),
)
_DEFAULTS = {
    "board_id": "board-support",
    "status_id": "status-new",
    "priority_id": "priority-normal",
    "client_id": "client-juniper",
    "entered_by": "mail-robot",
    "category_id": "category-email",
    "subcategory_id": "category-email-general",
    "location_id": "location-main-street",
}
_ADDRESSES = (
    ("support@demo.example", DEMO_PROVIDER),
    ("reply@demo.example", DEMO_PROVIDER),
    ("other@unconfigured.example", UNCONFIGURED_PROVIDER),
)

_ADD_CLIENT = "INSERT INTO clients VALUES (?, ?) ON CONFLICT DO NOTHING"
_ADD_CONTACT = "INSERT INTO contacts VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_ADD_CHOICE = "INSERT INTO choices VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
_ADD_PROVIDER = "INSERT INTO providers VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_ADD_ADDRESS = "INSERT INTO addresses VALUES (?, ?, ?) ON CONFLICT DO NOTHING"


def seed(file: DeskFile, tenant: str) -> None:
    """Write the demo's master data; rows that are there stay as they are.

    Parameters
    ----------
    file
        The desk's file.
    tenant
        Whose addresses and providers they are.
    """
    with file.transaction() as connection:
        connection.executemany(_ADD_CLIENT, _CLIENTS)
        connection.executemany(_ADD_CONTACT, _CONTACTS)
        connection.executemany(_ADD_CHOICE, _CHOICES)
        connection.execute(_ADD_PROVIDER, (tenant, DEMO_PROVIDER, json.dumps(_DEFAULTS)))
        connection.execute(_ADD_PROVIDER, (tenant, UNCONFIGURED_PROVIDER, None))
        connection.executemany(
            _ADD_ADDRESS, [(address, tenant, provider) for address, provider in _ADDRESSES]
        )
