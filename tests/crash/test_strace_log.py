"""The traces that the proofs stand on are read rightly, whatever bytes a payload or a path has."""

import pytest
from strace_log import UnreadableTraceError, count, read

TRACE = r"""
10  openat(AT_FDCWD<\x2f>, "\x2f\x61\x2c\x20\x62", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 3<\x2f\x61\x2c\x20\x62>
10  pwrite64(3<\x2f\x61\x2c\x20\x62>, "\x00\x22\x2c\x20\x29\x20\x3d\x0a", 8, 4096) = 8
11  fdatasync(3<\x2f\x61\x2c\x20\x62> <unfinished ...>
10  write(1<\x70>, "\x31\x0a", 2)    = 2
11  <... fdatasync resumed>)            = -1 EIO (Input/output error) (INJECTED)
10  --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=4} ---
11  pwrite64(3<\x2f\x61\x2c\x20\x62>, "\x00", 1, 0) = ?
11  +++ killed by SIGKILL +++
""".strip().splitlines()


def test_a_path_and_a_payload_are_read_byte_for_byte() -> None:
    opened, written, *_ = read(TRACE)
    assert (opened.name, opened.text(1), opened.opened) == ("openat", b"/a, b", "/a, b")
    assert (written.descriptor(), written.text(1), written.number(3)) == (("3", "/a, b"), b'\x00", ) =\n', 4096)


def test_a_call_that_another_thread_interrupts_keeps_its_beginning_and_gets_its_end() -> None:
    said, synced = read(TRACE)[2:4]
    assert (said.name, said.began) == ("write", 3)
    assert (synced.name, synced.descriptor()[1], synced.began, synced.ended) == ("fdatasync", "/a, b", 2, 4)
    assert (synced.result, synced.error) == (-1, "EIO")


def test_the_call_in_which_a_process_died_has_no_result() -> None:
    last = read(TRACE)[-1]
    assert (last.name, last.result, last.error) == ("pwrite64", None, None)


def test_a_file_that_was_deleted_while_open_is_one_all_the_same() -> None:
    (call,) = read([r'9  write(2<\x2f\x74>(deleted), "\x61", 1) = 1'])
    assert call.descriptor() == ("2", "/t")


def test_a_call_that_never_ended_stands_last_and_has_no_result() -> None:
    calls = read([r"9  fsync(3<\x61> <unfinished ...>", r"8  fsync(4<\x62>) = 0"])
    assert [(call.tid, call.result) for call in calls] == [(8, 0), (9, None)]


def test_a_call_in_which_strace_let_go_has_no_result() -> None:
    (call,) = read([r"4980  read(0<\x70>,  <detached ...>"])
    assert (call.name, call.descriptor(), call.result) == ("read", ("0", "p"), None)


def test_calls_are_counted_in_the_thread_that_makes_most_of_them() -> None:
    assert count(read(TRACE)) == {"openat": 1, "pwrite64": 1, "write": 1, "fdatasync": 1}
    twice = [r"1  fsync(3<\x61>) = 0", r"2  fsync(3<\x61>) = 0", r"2  fsync(3<\x61>) = 0"]
    assert count(read(twice)) == {"fsync": 2}


@pytest.mark.parametrize("line", ["", "strace: what?", "12  half a line", r'12  write(3<\x61>, "\x00'])
def test_a_line_that_cannot_be_read_is_an_error_and_never_skipped(line: str) -> None:
    with pytest.raises(UnreadableTraceError):
        read([line])
