/* SPDX-License-Identifier: ISC */
#include "args.h"
#include "client.h"
#include "output.h"
#include "view.h"

enum ctl_status ctl_unpair(struct ctl_options *options, int argc, char **argv)
{
	struct client_answer answer;
	enum ctl_status status;
	const char *name;
	int n;

	n = args_parse(options, NULL, argc, argv, &name, 1);
	if (n == 0)
		args_usage_error("which link? rportctl unpair LINK|IFNAME");
	if (n != 1)
		return STATUS_USAGE;
	status = client_call_or_complain(options, "org.rportd.Manager.Unpair",
					 json_pack("{s:s}", "name", name), &answer);
	if (status == STATUS_DONE && !options->quiet) {
		if (options->json) {
			output_json(options, answer.parameters);
		} else {
			output_text(COLOR_NONE, "%s: removed",
				    view_text(answer.parameters, "name"));
			output_newline();
		}
	}
	client_answer_release(&answer);
	return status;
}
