# bash completion of tierce: commands, their options as their --help lists them, files.
_tierce() {
    local cur prev words cword
    _init_completion || return
    if [ "$cword" -eq 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "$("$1" --help 2>/dev/null | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p') --help --version" -- "$cur")
        return
    fi
    case "$prev" in
        --format) mapfile -t COMPREPLY < <(compgen -W "text json" -- "$cur"); return ;;
        --worker-class | -k) mapfile -t COMPREPLY < <(compgen -W "sync gthread gevent" -- "$cur"); return ;;
        --user | --uid | -u) _allowed_users; return ;;
        --group | --gid) _allowed_groups; return ;;
        --chdir | -d | --directory) _filedir -d; return ;;
    esac
    if [[ "$cur" == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$("$1" "${words[1]}" --help 2>/dev/null | grep -oE -- '(^|[ ,])--?[a-zA-Z][a-zA-Z0-9_-]*' | tr -d ' ,' | sort -u)" -- "$cur")
        return
    fi
    if [ "${words[1]}" = ctl ] && [ "$cword" -ge 2 ]; then
        mapfile -t COMPREPLY < <(compgen -W "$("$1" ctl help 2>/dev/null | sed 1,2d | tr -s ' \n' '\n') $("$1" ctl status 2>/dev/null | cut -d' ' -f1)" -- "$cur")
        return
    fi
    _filedir
} &&
    complete -F _tierce tierce
