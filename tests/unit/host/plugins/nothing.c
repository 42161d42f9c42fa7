/* A shared object that is no plugin. */
int nothing_at_all = 1;
