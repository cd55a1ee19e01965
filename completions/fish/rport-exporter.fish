# SPDX-License-Identifier: ISC
# Completion of rport-exporter.

complete -c rport-exporter -f
complete -c rport-exporter -l listen -x -a '127.0.0.1:9980 [::1]:9980 unix:/run/rport-exporter.socket' -d 'where to listen'
complete -c rport-exporter -l socket -r -F -d 'where rportd listens'
complete -c rport-exporter -s h -l help -d 'show the options'
complete -c rport-exporter -s V -l version -d 'show the version'
