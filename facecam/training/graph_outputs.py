"""Leave outputs of a LiteRT graph out, with everything that only they need.

What stays is not converted again: the same operators with the same weights give the same numbers.
"""

from collections.abc import Collection

from facecam.errors import TrainingError

NO_BUFFER = 0  # buffer 0 is empty by the format's convention


def keep_outputs(graph: bytes, names: Collection[str]) -> bytes:
    """Return the graph with only the outputs of these names.

    Args:
        graph: A LiteRT model with one subgraph and one signature.
        names: Output names of the signature.

    Raises:
        TrainingError: The graph is built otherwise, or has no such output.
    """
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(graph))
    if len(model.subgraphs) != 1 or len(model.signatureDefs or []) != 1:
        raise TrainingError("The graph has not one subgraph and one signature: export it again.")
    subgraph, signature = model.subgraphs[0], model.signatureDefs[0]
    there = {output.name.decode(): output for output in signature.outputs}
    missing = sorted(set(names) - set(there))
    if missing:
        raise TrainingError(f"The graph has no output '{missing[0]}': export it again.")
    signature.outputs = [output for name, output in there.items() if name in names]
    wanted = {int(output.tensorIndex) for output in signature.outputs}
    subgraph.outputs = [index for index in subgraph.outputs if int(index) in wanted]
    needed, operators = set(wanted), []
    for operator in reversed(subgraph.operators):  # operators stand in the order they run in
        if needed & {int(index) for index in operator.outputs}:
            operators.append(operator)
            needed |= {int(index) for index in operator.inputs}
    subgraph.operators = operators[::-1]
    kept = needed | {int(index) for index in subgraph.inputs}
    for operator in subgraph.operators:
        kept |= {int(index) for index in operator.outputs}
    # Tensors keep their numbers; those that nothing reads any more lose their weights.
    used = {int(t.buffer) for i, t in enumerate(subgraph.tensors) if i in kept}
    used |= {int(entry.buffer) for entry in model.metadata or []}
    for number, buffer in enumerate(model.buffers):
        if number not in used:
            buffer.data = None
    for number, tensor in enumerate(subgraph.tensors):
        if number not in kept:
            tensor.buffer = NO_BUFFER
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))
