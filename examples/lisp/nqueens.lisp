; In how many ways can n queens stand on a board of n rows and n columns so that
; none attacks another one?  Lists are made and thrown away all the time.
;     07-lisp lisp/nqueens.lisp [n]

; A board is a list of columns, the latest row's first.
(define (safe? column distance board)
  (or (null? board)
      (and (not (= (car board) column))
           (not (= (abs (- (car board) column)) distance))
           (safe? column (+ distance 1) (cdr board)))))

(define (place row n board)
  (if (= row n)
      1
      (let loop ((column 0) (ways 0))
        (cond ((= column n) ways)
              ((safe? column 1 board)
               (loop (+ column 1)
                     (+ ways (place (+ row 1) n (cons column board)))))
              (else (loop (+ column 1) ways))))))

(define n (if (null? (arguments)) 8 (string->number (car (arguments)))))

(print n " queens: " (place 0 n '()) " ways")
