-- ends: budget
-- Never ends, without a loop statement.
::again::
goto again
