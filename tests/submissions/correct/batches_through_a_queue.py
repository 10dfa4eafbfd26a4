# %% [markdown] submission={"base": "reference"}
# parallel_batch_processing by threads of its own that take numbered slices from a queue.


# %% submission={"lesson": "04_parallelism", "grade_id": "parallel_batch_processing"}
import queue

_work = queue.SimpleQueue()


def _serve():
    while True:
        operation, piece, box, number, done = _work.get()
        try:
            box[number] = (operation(piece), None)
        except BaseException as error:
            box[number] = (None, error)
        done.put(number)


for _ in range(8):
    threading.Thread(target=_serve, daemon=True).start()


def parallel_batch_processing(batch_data, operation=None, num_workers=4):
    workers = checked_workers(num_workers)
    batch = as_array(batch_data)
    operation = operation or vectorized_relu
    pieces = np.array_split(batch, max(1, min(workers, len(batch))))
    box, done = {}, queue.SimpleQueue()
    for number, piece in enumerate(pieces):
        _work.put((operation, piece, box, number, done))
    for _ in pieces:
        done.get()
    for number in range(len(pieces)):
        if box[number][1] is not None:
            raise box[number][1]
    return np.concatenate([checked_result(box[number][0], len(piece)) for number, piece in enumerate(pieces)])
