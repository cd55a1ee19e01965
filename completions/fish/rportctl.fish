# SPDX-License-Identifier: ISC
# Completion of rportctl, which knows by itself what can be said to it. fish quotes what it puts into the line.

function __rportctl_complete
    set -l words (commandline -opc)
    # as it was typed: without its quotes it is what rportctl would be given
    set -l word (string unescape -- (commandline -ct))
    rportctl complete -- $words[2..-1] "$word" 2>/dev/null
end

complete -c rportctl -f -a '(__rportctl_complete)'
