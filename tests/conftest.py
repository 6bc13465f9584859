"""What holds for the tests of every tier."""

from hypothesis import settings

# A machine that does other work too is slow, and no test is a clock.
settings.register_profile("without_a_clock", deadline=None)
settings.load_profile("without_a_clock")
