"""How fast the kernels are, beside their bars: `make bench`, `python -m tests.tools.benchmarks`.

    bars.py        what is asked, of which machine, and whether a measured figure meets it
    case.py        a case (two callables and a check), and the row that comes of it
    oracle.py      what a right result is; asked before anything is timed
    products.py    float32 products                    } the cases, as data
    relus.py       ReLU, alone, fused, in threads      }
    integers.py    eight-bit products and ReLU         }
    peers.py       against torch and onnxruntime       }
    catalogue.py   all of them, and those that a pattern names
    settings.py    threads, vector width and BLAS kernels: the environment of a process
    processes.py   a fresh process with such an environment
    runner.py      check, time, judge: a case becomes a row
    children.py    the cases of one setting, in a process of their own
    sides.py       two sides in two processes, timed in turn
    calls.py       first calls, second processes, and the overhead of `time_kernel`
    sweeps.py      what the figures show, measured
    figures.py     the figures
    record.py      everything as JSON
    report.py      the tables, for a terminal and in Markdown

A benchmark records and cannot fail for being slow; it fails where a kernel gives a wrong result or raises.
"""
