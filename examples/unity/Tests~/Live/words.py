"""Every word that the wire's enums have, without its prefix, one a line."""

from streamdit.wire import engine_pb2 as wire

for enum, prefix in (
    (wire.RejectReason, "REJECT_REASON_"),
    (wire.NoticeCode, "NOTICE_CODE_"),
    (wire.ClosedReason, "CLOSED_REASON_"),
):
    for name, number in enum.items():
        if number:
            print(name.removeprefix(prefix))
