// What a zygote and its workers are told at start: "key=value" strings, NUL-separated, on a descriptor
// whose number is the one argument of the bootstrap. Repeated keys are lists. Read by
// src/wsgi/python/boot.py and written by src/supervise/zygote_process.cc; the keys:
//
//   app            module:callable as the user gave it
//   control        descriptor number of the zygote's MessageChannel to the supervisor
//   threads        threads of each worker
//   greenlets      how many requests run at once in greenlets of gevent; 0: threads run them
//   monkey_patch   1: greenlets: gevent patches the standard library before the application is imported
//   hub_timeout    milliseconds; greenlets: a hub that has not turned for so long hangs. 0: any
//   multiprocess   1 when more than one worker may run at once (wsgi.multiprocess)
//   lazy           1: workers import the application, not the zygote
//   chdir          directory to stand in, and first entry of sys.path
//   pythonpath     further directories for sys.path (repeated)
//   listener       "NAME PORT" of each listener in order (SERVER_NAME, SERVER_PORT); "unix PATH" for unix sockets
//   max_requests   0: never
//   max_requests_jitter
//   max_lifetime, max_lifetime_jitter  seconds after which a worker is replaced; 0: never
//   max_rss, max_as  bytes of memory with which it is replaced; 0: any
//   reload         1: the zygote writes the files of the imported modules to the descriptor `watch_list`
//   watch_list     descriptor number: paths, one a line, after the import (also after one that failed)
//   server_software  SERVER_SOFTWARE
//   log_level      debug, info, warning, error, critical
//   error_log      descriptor number of the error log (2 by default)
//   graceful_timeout  seconds, for the interpreter's own shutdown
//   capture_output 1: what is printed goes to the error log
//
// Of a Gunicorn configuration (python/gunicorn_conf.py; the first three also for the reader of it):
//
//   gunicorn_directory  where the user stood
//   gunicorn_table      the settings: "name|flags|kind|default" lines
//   gunicorn_argument   the command line (repeated)
//   outcome        descriptor number for the reader's answer
//   supervisor     process id, which hooks know as the arbiter's
//   generation     1: the first import; more: a reload
//   workers        how many are wanted
//
// Under `tierce uwsgi` (wsgi/uwsgi_api.cc, python/uwsgi_module.py; also supervisor, generation and workers):
//
//   uwsgi_memory   descriptor number of what gateway/app_memory.h describes
//   uwsgi_cache    descriptor number of a cache (repeated)
//   uwsgi_mount, uwsgi_import, uwsgi_argument  what mount, import and pyargv ask for (repeated)
//   mount_callable, manage_script_name, chdir_after, executable, no_file_wrapper, reaper, cpus, least_lifetime
//                  as the options of uWSGI say
//   reload_ignore  a module whose change is no reload (repeated)
//   post_fork      ACTION:ARGUMENT to be run in each worker (repeated)
//   title_before, title_numbered, title_after, title_zygote  what ps shows for a worker and for the zygote
//   uwsgi_option   "name=value", or "name" for a switch of the command line: uwsgi.opt (repeated)
#pragma once
