"""How two nodes stay one: roles, terms, lease, peer link, work sharing. Knows no word of telephony."""
