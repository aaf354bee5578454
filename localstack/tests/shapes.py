"""Compares raw answers with botocore's models of them.

Members that the model does not know, or of another type, and missing required ones are problems.
"""

import datetime
import json
import xml.etree.ElementTree as ET

driven, problems = set(), []
# Codes that belong to the protocols or to all operations of a service, not to one model.
COMMON = {
    "ValidationError", "ValidationException", "InvalidParameterValue", "MissingParameter",
    "Throttling", "ThrottlingException", "ExpiredToken", "ExpiredTokenException", "AccessDenied",
    "AccessDeniedException", "DBClusterSnapshotNotFoundFault", "InvalidRequestException",
    "SandboxNotImplemented", "AlreadyExistsException", "ServiceUnavailable", "AccessDenied",
    "404", "403", "NoSuchBucket", "InvalidParameterCombination",
}

# What AWS sends although the model's enumeration forgets it: rows about the stack itself.
UNLISTED = {
    "ResourceStatus": (
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    ),
}


def complain(where, text):
    problems.append(f"{where}: {text}")


def local(tag):
    return tag.rsplit("}", 1)[-1]


def check_text(shape, text, where):
    try:
        if shape.type_name in ("integer", "long"):
            int(text)
        elif shape.type_name in ("float", "double"):
            float(text)
        elif shape.type_name == "boolean":
            assert text in ("true", "false")
        elif shape.type_name == "timestamp":
            datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
        elif text in UNLISTED.get(shape.name, ()):
            return
        elif shape.type_name == "string" and getattr(shape, "enum", None):
            assert text in shape.enum, f"{text!r} is not one of {shape.enum}"
    except (ValueError, AssertionError) as error:
        complain(where, f"{text!r} is no {shape.type_name} {error}")


def check_xml(shape, node, where):
    if shape.type_name == "structure":
        names = {m.serialization.get("name", n): m for n, m in shape.members.items()}
        for child in node:
            if local(child.tag) not in names:
                complain(where, f"unknown member {local(child.tag)}")
            else:
                check_xml(names[local(child.tag)], child, f"{where}.{local(child.tag)}")
        present = {local(child.tag) for child in node}
        for name in set(shape.required_members) - present:
            complain(where, f"required member {name} is missing")
    elif shape.type_name == "list":
        item = shape.member.serialization.get("name", "member")
        for child in node:
            if local(child.tag) != item:
                complain(where, f"an item is {local(child.tag)}, not {item}")
            check_xml(shape.member, child, where + "[]")
    else:
        check_text(shape, node.text or "", where)


KINDS = {
    "structure": dict, "map": dict, "list": list, "string": str, "boolean": bool, "blob": str,
    "integer": int, "long": int, "float": (int, float), "double": (int, float),
    "timestamp": (int, float),
}


def check_json(shape, value, where):
    kind = KINDS[shape.type_name]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        return complain(where, f"{value!r} is no {shape.type_name}")
    if shape.type_name == "structure":
        names = {m.serialization.get("name", n): m for n, m in shape.members.items()}
        for name, member in value.items():
            if name not in names:
                complain(where, f"unknown member {name}")
            else:
                check_json(names[name], member, f"{where}.{name}")
        for name in set(shape.required_members) - set(value):
            complain(where, f"required member {name} is missing")
    elif shape.type_name == "list":
        for item in value:
            check_json(shape.member, item, where + "[]")
    elif shape.type_name == "map":
        for item in value.values():
            check_json(shape.value, item, where + "{}")
    elif shape.type_name == "string" and getattr(shape, "enum", None) and value not in shape.enum:
        complain(where, f"{value!r} is not one of {shape.enum}")


def check_rest_xml(shape, response, where):
    """S3: members in headers, one that is the body, the rest as XML with flattened lists."""
    if shape is None:
        return
    if "payload" in shape.serialization:
        return
    members = {n: m for n, m in shape.members.items() if m.serialization.get("location") is None}
    if not members or not response.content:
        return
    root = ET.fromstring(response.content)
    if not len(root):
        return
    names = {m.serialization.get("name", n): m for n, m in members.items()}
    for child in root:
        member = names.get(local(child.tag))
        if member is None:
            complain(where, f"unknown member {local(child.tag)}")
        elif member.type_name == "list":
            check_xml(member.member, child, f"{where}.{local(child.tag)}")
        else:
            check_xml(member, child, f"{where}.{local(child.tag)}")


def after_call(http_response, parsed, model, **_):
    service = model.service_model
    where = f"{service.signing_name}:{model.name}"
    driven.add(where)
    if http_response.status_code >= 300:
        known = {s.metadata.get("error", {}).get("code", s.name) for s in model.error_shapes}
        code = parsed["Error"]["Code"]
        if code not in known | COMMON:
            complain(where, f"error code {code} is neither of {known} nor common")
        return
    if model.has_streaming_output:
        return
    body, shape = http_response.content, model.output_shape
    if service.protocol == "query":
        root = ET.fromstring(body)
        if local(root.tag) != model.name + "Response":
            complain(where, f"root element {root.tag}")
        if shape is not None:
            wrapper = shape.serialization.get("resultWrapper")
            result = next((c for c in root if local(c.tag) == wrapper), None)
            if result is None:
                return complain(where, f"no {wrapper}")
            check_xml(shape, result, where)
    elif service.protocol == "rest-xml":
        check_rest_xml(shape, http_response, where)
    elif shape is not None:
        check_json(shape, json.loads(body or b"{}"), where)
    elif body and json.loads(body) != {}:
        complain(where, f"a body where the model has none: {body!r}")
