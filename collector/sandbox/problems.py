"""sandbox: the bodies X writes when something is wrong."""

from typing import Any

Problem = dict[str, Any]

TYPES = "https://api.twitter.com/2/problems/"


def plain(status: int, title: str, detail: str | None = None) -> Problem:
    """Return the body of an error that has no type of its own."""
    return {"title": title, "type": "about:blank", "status": status, "detail": detail or title}


def invalid_request(message: str, **parameters: str) -> Problem:
    """Return the body of a 400: which parameters, and why."""
    given = {name: [value] for name, value in parameters.items()}
    return {
        "errors": [{"parameters": given, "message": message}],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": TYPES + "invalid-request",
    }


def not_found(resource: str, parameter: str, value: str) -> Problem:
    """Return an entry of `errors` for an object that does not exist."""
    detail = f"Could not find {resource} with {parameter}: [{value}]."
    return _about(resource, parameter, value) | {
        "title": "Not Found Error",
        "detail": detail,
        "type": TYPES + "resource-not-found",
    }


def not_authorized(resource: str, parameter: str, value: str) -> Problem:
    """Return an entry of `errors` for an object of a protected account."""
    shown = "Tweet" if resource == "tweet" else resource
    return _about(resource, parameter, value) | {
        "section": "data",
        "title": "Authorization Error",
        "detail": f"Sorry, you are not authorized to see the {shown} with {parameter}: [{value}].",
        "type": TYPES + "not-authorized-for-resource",
    }


def suspended(parameter: str, value: str) -> Problem:
    """Return an entry of `errors` for a suspended account."""
    return _about("user", parameter, value) | {
        "title": "Forbidden",
        "detail": f"User has been suspended: [{value}].",
        "type": TYPES + "resource-not-found",
    }


def _about(resource: str, parameter: str, value: str) -> Problem:
    return {"value": value, "parameter": parameter, "resource_id": value, "resource_type": resource}


UNAUTHORIZED = plain(401, "Unauthorized")
NOT_FOUND = plain(404, "Not Found", "The requested path does not exist.")
TOO_MANY = plain(429, "Too Many Requests")

CREDITS = {
    "type": TYPES + "credits",
    "title": "CreditsDepleted",
    "detail": "Your enrolled account [1] does not have any credits to fulfill this request.",
}
CREDITS_DEPLETED = {
    "detail": "credits depleted",
    "status": 402,
    "title": "Payment Required",
    "type": "https://api.x.com/2/problems/credits-depleted",
}
CLIENT_FORBIDDEN = {
    "client_id": "1",
    "detail": "This endpoint wants keys and tokens of an App that is attached to a Project.",
    "registration_url": "https://developer.x.example/projects",
    "title": "Client Forbidden",
    "required_enrollment": "Appropriate Level of API Access",
    "reason": "client-not-enrolled",
    "type": TYPES + "client-forbidden",
}
SPEND_CAP = {
    "title": "SpendCapReached",
    "detail": "The spend limit of this billing cycle has been reached; requests are blocked until the next one.",
    "reset_date": "2030-01-01",
    "type": "https://api.x.com/2/problems/credits",
}
USAGE_CAPPED = {
    "account_id": 1,
    "product_name": "standard-basic",
    "title": "UsageCapExceeded",
    "period": "Monthly",
    "scope": "Product",
    "detail": "Usage cap exceeded: Monthly product cap",
    "type": TYPES + "usage-capped",
}
HTML_PAGE = (
    b'<!DOCTYPE html>\n<html lang="en">\n<head><title>Sandbox / ?</title></head>\n'
    b"<body><h1>Nothing to see here</h1><p>There is no such page, or something is out of order.</p></body>\n</html>\n"
)
