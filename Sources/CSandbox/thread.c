#define _GNU_SOURCE
#include "CSandbox.h"

#include <pthread.h>
#include <semaphore.h>

typedef struct {
    void *(*body)(void *);
    void *context;
    sem_t running;
} start;

static void *run(void *argument) {
    start *how = argument;
    void *(*body)(void *) = how->body;
    void *context = how->context;
    sem_post(&how->running);
    return body(context);
}

int csandbox_start_thread(void *(*body)(void *), void *context) {
    start how = {.body = body, .context = context};
    sem_init(&how.running, 0, 0);
    pthread_t thread;
    int error = pthread_create(&thread, NULL, run, &how);
    if (!error) {
        pthread_detach(thread);
        while (sem_wait(&how.running) != 0) {
        }
    }
    sem_destroy(&how.running);
    return -error;
}
