# bash completion of tierce: commands, their options as their --help lists them, files.

# -c and --configuration, also in brackets; no -BYTES.
_tierce_options() {
    "$1" "$2" --help 2>&1 | grep -oP '(?<![\w-])(--[a-zA-Z][\w-]*|-[a-zA-Z](?![\w-]))' | sort -u
}

# The commands of `tierce ctl`, and the programs of the server that the options before them name.
_tierce_ctl() {
    local program=$1 server=()
    shift 3
    while [[ $# -gt 1 && "$1" == -[csup] ]]; do
        server+=("$1" "$2")
        shift 2
    done
    "$program" ctl --help 2>/dev/null | grep -oE '^  [a-z]+( \| [a-z]+)*' | tr -d '|'
    "$program" ctl "${server[@]}" status 2>/dev/null </dev/null | awk '$2 ~ /^[A-Z]+$/ { print $1 }'
}

_tierce() {
    local cur prev words cword
    _init_completion -n : || return
    if [ "$cword" -eq 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "$("$1" --help 2>/dev/null | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p') --help --version" -- "$cur")
        return
    fi
    case "${words[1]} $prev" in
        "nginx -s") mapfile -t COMPREPLY < <(compgen -W "stop quit reopen reload" -- "$cur"); return ;;
        "ctl -s" | "ctl -p") return ;;
    esac
    case "$prev" in
        --format) mapfile -t COMPREPLY < <(compgen -W "text json" -- "$cur"); return ;;
        --worker-class | -k) mapfile -t COMPREPLY < <(compgen -W "sync gthread gevent" -- "$cur"); return ;;
        --user | --uid | -u) _allowed_users; return ;;
        --group | --gid) _allowed_groups; return ;;
        --chdir | -d | --directory) _filedir -d; return ;;
    esac
    if [[ "$cur" == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_tierce_options "$1" "${words[1]}")" -- "$cur")
        return
    fi
    if [[ "${words[1]}" == ctl && "$prev" != -c ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_tierce_ctl "$1" "${words[@]:0:cword}" | tr '\n' ' ')" -- "$cur")
        __ltrim_colon_completions "$cur"
        return
    fi
    _filedir
} &&
    complete -F _tierce tierce
