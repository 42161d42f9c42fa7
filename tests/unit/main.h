/* The frame of a Check program: include it, and end the file with ED_TEST_MAIN(suite function). */
#ifndef ED_TESTS_MAIN_H
#define ED_TESTS_MAIN_H

#include <check.h>
#include <stdlib.h>

#define ED_TEST_MAIN(make_suite)                         \
  int main(void) {                                       \
    SRunner *runner = srunner_create(make_suite());      \
    srunner_run_all(runner, CK_ENV);                     \
    int failed = srunner_ntests_failed(runner);          \
    srunner_free(runner);                                \
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;         \
  }

#endif
