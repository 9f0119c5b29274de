/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the parts of core meet: the kernel may not know the transport, so who hosts a kernel
 * hands it over. Part of libtepui because its constructors are not exported.
 */
#include "core/host/services.h"

#include <signal.h>

#include "core/kernel/disk.h"
#include "core/kernel/work_pool.h"
#include "tepui/transport.h"

#define N_SERVICES 3

struct tp_services_host {
	struct work_pool *work;
	struct disk *disk;
	struct tp_transport *transport;
	struct tp_kernel_service rows[N_SERVICES];
};

/*
 * SIGUSR1 is the modules': blocked before any thread is there, it comes to the loop of whoever
 * watches it, and a process in which nobody does must not die of it.
 */
static void block_module_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int tp_services_host_create(
	struct tp_loop *loop, struct tp_services_host **ret, struct tp_error *err)
{
	struct tp_services_host *host = tp_alloc(sizeof(*host));
	struct tp_work_service work;
	struct tp_disk_service disk;
	int r;

	block_module_signals();
	r = tp_transport_create(loop, &host->transport, err);
	if (r < 0) {
		tp_free(host);
		return r;
	}
	host->work = work_pool_create(loop, WORK_POOL_THREADS);
	work = work_pool_service(host->work);
	host->disk = disk_create(loop, work);
	disk = disk_service(host->disk);
	host->rows[0] =
		(struct tp_kernel_service)TP_KERNEL_SERVICE("work", TP_WORK_ABI, work);
	host->rows[1] =
		(struct tp_kernel_service)TP_KERNEL_SERVICE("disk", TP_DISK_ABI, disk);
	host->rows[2] = (struct tp_kernel_service)TP_KERNEL_SERVICE(
		"transport", TP_TRANSPORT_ABI, *host->transport);
	*ret = host;
	return 0;
}

void tp_services_host_destroy(struct tp_services_host *host)
{
	if (host == NULL)
		return;
	tp_transport_destroy(host->transport);
	work_pool_destroy(host->work);
	disk_destroy(host->disk);
	tp_free(host);
}

const struct tp_kernel_service *tp_services_host_rows(
	const struct tp_services_host *host, size_t *ret_n)
{
	*ret_n = N_SERVICES;
	return host->rows;
}
