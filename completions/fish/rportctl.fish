# SPDX-License-Identifier: ISC
# Completion of rportctl, which knows by itself what can be said to it.

function __rportctl_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    rportctl complete -- $words[2..-1] "$word" 2>/dev/null
end

complete -c rportctl -f -a '(__rportctl_complete)'
