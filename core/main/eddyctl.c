/* eddyctl's main; the command itself is in ctl/. */
#include "main/ctl/ctl.h"

int main(int argc, char **argv) { return ed_ctl_main(argc, argv); }
