/* libnvidia-ml.so.1 without a GPU. Every call reads `key=value` lines from the file that $FAKE_NVML_STATE names, so a
 * test changes the card while it is being watched. A key that is missing: that call is not supported. `error=N`: every
 * call fails so. With -DOLD_DRIVER the functions that came late are missing, as from a driver older than the bindings.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, INSUFFICIENT_SIZE = 7, LIBRARY_NOT_FOUND = 12 };

typedef unsigned long long u64;
typedef struct { unsigned is_part; } *device_t;
static struct { unsigned is_part; } chip = {0}, part = {1};

typedef struct { unsigned gpu, memory; } utilization_t;
typedef struct { u64 total, free, used; } memory_t;
typedef struct { unsigned version, sensor; int temperature; } temperature_t;
typedef struct { unsigned version; int margin; } margin_t;
typedef struct { unsigned pid; u64 used; unsigned gpu_instance, compute_instance; } process_t;
typedef struct { unsigned pid; u64 time_us; unsigned sm, memory, encoder, decoder; } sample_t;

/* The text after `key=`, or NULL. */
static const char *find(const char *key) {
    static __thread char text[4096];
    const char *path = getenv("FAKE_NVML_STATE");
    FILE *file = path ? fopen(path, "r") : NULL;
    if (!file) return NULL;
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    size_t length = strlen(key);
    for (const char *line = text; line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
        if (!strncmp(line, key, length) && line[length] == '=') return line + length + 1;
    return NULL;
}

static int error(void) {
    const char *found = find("error");
    return found ? atoi(found) : SUCCESS;
}

/* Under MIG the instance has keys of its own, and nothing of the chip's. */
static int number(device_t device, const char *key, long long *value) {
    char whole[64];
    int code = error();
    if (code) return code;
    snprintf(whole, sizeof whole, "%s%s", device->is_part ? "mig_" : "", key);
    const char *found = find(whole);
    if (!found) return NOT_SUPPORTED;
    *value = atoll(found);
    return SUCCESS;
}

static int small(device_t device, const char *key, unsigned *value) {
    long long wide = 0;
    int code = number(device, key, &wide);
    if (!code) *value = (unsigned)wide;
    return code;
}

static int words(const char *key, char *out, unsigned length) {
    int code = error();
    const char *found = find(key);
    if (code || !found) return code ? code : NOT_SUPPORTED;
    snprintf(out, length, "%.*s", (int)strcspn(found, "\n"), found);
    return SUCCESS;
}

int nvmlInitWithFlags(unsigned flags) { (void)flags; return find("name") ? error() : LIBRARY_NOT_FOUND; }
int nvmlShutdown(void) { return error(); }
const char *nvmlErrorString(int code) { (void)code; return "fake error"; }

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) {
    *device = &chip;
    return index ? INVALID_ARGUMENT : error();
}
int nvmlDeviceGetHandleByUUID(const char *uuid, void **device) {
    *device = !strncmp(uuid, "MIG-", 4) ? (void *)&part : (void *)&chip;
    return error();
}
int nvmlDeviceGetMigMode(device_t device, unsigned *now, unsigned *next) {
    *next = 0;
    return small(device, "mig", now);
}
int nvmlDeviceGetMaxMigDeviceCount(device_t device, unsigned *count) { return small(device, "mig", count); }
int nvmlDeviceGetMigDeviceHandleByIndex(device_t device, unsigned index, void **out) {
    (void)device; (void)index;
    *out = &part;
    return error();
}
int nvmlDeviceGetDeviceHandleFromMigDeviceHandle(device_t device, void **out) {
    *out = &chip;
    return device->is_part ? error() : INVALID_ARGUMENT;
}
int nvmlDeviceGetName(device_t device, char *name, unsigned length) {
    return words(device->is_part ? "mig_name" : "name", name, length);
}

int nvmlDeviceGetUtilizationRates(device_t device, utilization_t *rates) {
    int code = small(device, "gpu", &rates->gpu);
    return code ? code : small(device, "memory", &rates->memory);
}
int nvmlDeviceGetClockInfo(device_t device, unsigned kind, unsigned *mhz) {
    return small(device, kind == 1 ? "sm_clock" : "memory_clock", mhz);
}
int nvmlDeviceGetMaxClockInfo(device_t device, unsigned kind, unsigned *mhz) {
    return small(device, kind == 1 ? "sm_clock_max" : "memory_clock_max", mhz);
}
int nvmlDeviceGetPowerUsage(device_t device, unsigned *mw) { return small(device, "power_mw", mw); }
int nvmlDeviceGetEnforcedPowerLimit(device_t device, unsigned *mw) { return small(device, "power_limit_mw", mw); }
int nvmlDeviceGetTotalEnergyConsumption(device_t device, u64 *mj) {
    return number(device, "energy_mj", (long long *)mj);
}
int nvmlDeviceGetTemperature(device_t device, unsigned sensor, unsigned *celsius) {
    (void)sensor;
    return small(device, "temperature", celsius);
}
int nvmlDeviceGetTemperatureThreshold(device_t device, unsigned kind, unsigned *celsius) {
    return kind == 1 ? small(device, "slowdown_temperature", celsius) : NOT_SUPPORTED;
}
int nvmlDeviceGetMemoryInfo(device_t device, memory_t *memory) {
    int code = number(device, "memory_used", (long long *)&memory->used);
    if (!code) code = number(device, "memory_total", (long long *)&memory->total);
    memory->free = memory->total - memory->used;
    return code;
}

/* `processes=PID:BYTES:SM,PID:BYTES:SM`; how many there are, -1 if that is not told. */
static int processes(process_t *held, sample_t *samples) {
    const char *found = find("processes");
    if (!found) return -1;
    int count = 0;
    for (const char *at = found; *at && *at != '\n'; at += strcspn(at, ",\n"), at += *at == ',') {
        unsigned pid = 0, sm = 0;
        u64 used = 0;
        sscanf(at, "%u:%llu:%u", &pid, &used, &sm);
        if (held) held[count] = (process_t){pid, used, 0, 0};
        if (samples) samples[count] = (sample_t){pid, 1000, sm, 0, 0, 0};
        count++;
    }
    return count;
}

static int give(unsigned *room, process_t *held, sample_t *samples) {
    int code = error(), count = processes(NULL, NULL);
    unsigned before = *room;
    if (code || count < 0) return code ? code : NOT_SUPPORTED;
    *room = (unsigned)count;
    if ((unsigned)count > before) return INSUFFICIENT_SIZE;
    processes(held, samples);
    return SUCCESS;
}

int nvmlDeviceGetProcessUtilization(device_t device, sample_t *samples, unsigned *count, u64 since_us) {
    (void)device; (void)since_us;
    if (!samples) *count = 0;
    return give(count, NULL, samples);
}

#ifdef OLD_DRIVER
int nvmlDeviceGetComputeRunningProcesses_v2(device_t device, unsigned *count, process_t *held) {
    (void)device;
    return give(count, held, NULL);
}
int nvmlDeviceGetCurrentClocksThrottleReasons(device_t device, u64 *bits) {
    return number(device, "reasons", (long long *)bits);
}
#else
int nvmlDeviceGetComputeRunningProcesses_v3(device_t device, unsigned *count, process_t *held) {
    (void)device;
    return give(count, held, NULL);
}
int nvmlDeviceGetCurrentClocksEventReasons(device_t device, u64 *bits) {
    return number(device, "reasons", (long long *)bits);
}
int nvmlDeviceGetTemperatureV(device_t device, temperature_t *temperature) {
    return small(device, "temperature", (unsigned *)&temperature->temperature);
}
int nvmlDeviceGetMarginTemperature(device_t device, margin_t *margin) {
    return small(device, "margin", (unsigned *)&margin->margin);
}
#endif
